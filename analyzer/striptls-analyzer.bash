# SPDX-License-Identifier: ISC
# Completion of striptls-analyzer for bash; what it offers is what the
# program's --help and error messages say.

_striptls_analyzer_list()
{
	# Complete the last of a list with commas.
	local done= last=$2

	case $2 in
	*,*)	done=${2%,*}, last=${2##*,} ;;
	esac
	COMPREPLY=($(compgen -P "$done" -W "$1" -- "$last"))
	[[ ${#COMPREPLY[@]} -gt 0 ]] && compopt -o nospace
}

_striptls_analyzer_options()
{
	local listing='--since --until --server --columns --sort --limit'
	local judged='--severity --kind --verdict --client --domain --sensor
	    --source --check'

	case $1 in
	sessions)
		echo "$listing $judged --protocol --offer --starttls --tls
		    --protection --capture --community-id" ;;
	findings)
		echo "$listing $judged --confidence --session" ;;
	servers)
		echo "$listing --offer" ;;
	tlsa)
		echo '--pem --live --server --session --since --until --sensor
		    --host --port --ttl --timeout --type --generic --record
		    --records --name --at --next --published --check' ;;
	esac
	echo '-d -o --database --output --help'
	[[ -z $1 ]] && echo '--version'
}

_striptls_analyzer()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local commands='sessions session findings servers tlsa help' command= i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		sessions|session|findings|servers|tlsa|help)
			command=${COMP_WORDS[i]}
			break ;;
		esac
	done
	case $before in
	-d|--database|--pem|--next|--records)
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$word")) ;;
	-o|--output)
		COMPREPLY=($(compgen -W 'table jsonl json csv' -- "$word")) ;;
	--severity)
		COMPREPLY=($(compgen -W 'info low medium high critical' \
		    -- "$word")) ;;
	--confidence)
		COMPREPLY=($(compgen -W 'circumstantial strong certain' \
		    -- "$word")) ;;
	--kind)
		_striptls_analyzer_list 'starttls-absent starttls-masked
		    mail-in-clear credentials-in-clear' "$word" ;;
	--verdict)
		_striptls_analyzer_list 'benign undecided suspicious attack' \
		    "$word" ;;
	--offer)
		_striptls_analyzer_list 'offered absent masked ehlo-refused
		    not-asked unseen' "$word" ;;
	--starttls)
		_striptls_analyzer_list 'sent masked not-sent unseen' "$word" ;;
	--tls)
		_striptls_analyzer_list 'none established failed unseen' \
		    "$word" ;;
	--protection)
		_striptls_analyzer_list 'tls cleartext no-mail unknown' \
		    "$word" ;;
	--protocol)
		_striptls_analyzer_list 'smtp lmtp tls other none' "$word" ;;
	--capture)
		_striptls_analyzer_list 'complete partial' "$word" ;;
	--type)
		_striptls_analyzer_list '311 211 301 201 312 212' "$word" ;;
	--since|--until|--published|--at)
		COMPREPLY=($(compgen -W '30m 2h 1d 7d' -- "$word")) ;;
	--server|--client|--domain|--sensor|--source|--session|--limit| \
	--sort|--columns|--community-id|--live|--host|--port|--ttl|--timeout| \
	--record|--name)
		;;
	*)
		if [[ $word == -* ]]; then
			COMPREPLY=($(compgen -W \
			    "$(_striptls_analyzer_options "$command")" \
			    -- "$word"))
		elif [[ -z $command ]]; then
			COMPREPLY=($(compgen -W "$commands" -- "$word"))
		elif [[ $command == help ]]; then
			COMPREPLY=($(compgen -W \
			    'sessions session findings servers tlsa' \
			    -- "$word"))
		elif [[ $command == tlsa ]]; then
			COMPREPLY=($(compgen -W 'create verify rollover' \
			    -- "$word"))
		fi ;;
	esac
}

complete -F _striptls_analyzer striptls-analyzer
