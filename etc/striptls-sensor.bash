# SPDX-License-Identifier: ISC
# bash completion for striptls-sensor
_striptls_sensor()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}

	case $prev in
	-i)	COMPREPLY=($(compgen -W "any $(ls /sys/class/net)" -- "$cur"))
		return ;;
	-c|-r|-d|--jsonl|--evidence)
		COMPREPLY=($(compgen -f -- "$cur"))
		return ;;
	-u)	COMPREPLY=($(compgen -u -- "$cur"))
		return ;;
	--policy)
		COMPREPLY=($(compgen -W "off" -- "$cur"))
		return ;;
	--log)	COMPREPLY=($(compgen -W "text json" -- "$cur"))
		return ;;
	esac
	COMPREPLY=($(compgen -W "-c -d -f -i -n -p -q -r -u -v --follow \
	    --policy --jsonl --evidence --test-config --log --version \
	    --help" -- "$cur"))
}
complete -F _striptls_sensor -o filenames striptls-sensor
