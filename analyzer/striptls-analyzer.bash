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
	incidents)
		echo "$listing --severity --confidence --kind --state --client
		    --domain --sensor --session --check" ;;
	incident)
		echo '--limit' ;;
	ack|close|reopen|note|suppress)
		echo '--as' ;;
	sessions)
		echo "$listing $judged --protocol --offer --starttls --tls
		    --protection --capture --community-id" ;;
	findings)
		echo "$listing $judged --confidence --session --incident" ;;
	servers)
		echo "$listing --offer" ;;
	server)
		echo '--since --until --limit' ;;
	domains)
		echo '--since --until --server --client --domain --verdict
		    --sensor --source --columns --sort --limit' ;;
	check)
		echo '--resolver --trust-resolver --policy --sts --port
		    --timeout --since --until --check' ;;
	rates)
		echo "$listing $judged --protocol --offer --starttls --tls
		    --protection --capture --community-id --by --geoip" ;;
	policy)
		echo '--since --until --server --domain --sensor --session' ;;
	report)
		echo '--tls-rpt --since --until --domain --client --server --sensor
		    --source --organization --contact --report-id --read' ;;
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
	local commands='incidents incident ack close reopen note suppress
	    sessions session findings servers server domains rates check tlsa
	    policy report help'
	local command= i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case " ${commands//[$'\n\t']/ } " in
		*" ${COMP_WORDS[i]} "*)
			command=${COMP_WORDS[i]}
			break ;;
		esac
	done
	case $before in
	-d|--database|--geoip|--pem|--next|--records)
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
		    banner-masked ehlo-refused
		    starttls-refused starttls-command-masked starttls-demanded
		    starttls-hidden tls-not-started tls-disrupted
		    command-injection response-injection reply-conflict
		    cleartext-retry starttls-unused certificate-changed
		    tls-downgraded path-anomaly mail-in-clear
		    requiretls-in-clear credentials-in-clear dns-conflict
		    dane-partial tlsa-mismatch tlsa-at-risk tlsa-unusable
		    tlsa-unsigned certificate-expiring starttls-never
		    dnssec-bogus' \
		    "$word" ;;
	--state)
		_striptls_analyzer_list 'new acknowledged closed suppressed
		    open all' "$word" ;;
	--by)
		_striptls_analyzer_list 'server client-net sensor hour day
		    country asn server-country server-asn' "$word" ;;
	--as)
		COMPREPLY=($(compgen -u -- "$word")) ;;
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
	--policy)
		COMPREPLY=($(compgen -W 'live file:' -- "$word")) ;;
	--since|--until|--published|--at)
		COMPREPLY=($(compgen -W '30m 2h 1d 7d' -- "$word")) ;;
	--server|--client|--domain|--sensor|--source|--session|--incident| \
	--limit|--sort|--columns|--community-id|--live|--host|--port|--ttl| \
	--timeout|--record|--name|--resolver|--organization|--contact| \
	--report-id)
		;;
	*)
		if [[ $word == -* ]]; then
			COMPREPLY=($(compgen -W \
			    "$(_striptls_analyzer_options "$command")" \
			    -- "$word"))
		elif [[ -z $command ]]; then
			COMPREPLY=($(compgen -W "$commands" -- "$word"))
		elif [[ $command == help ]]; then
			COMPREPLY=($(compgen -W "$commands" -- "$word"))
		elif [[ $command == tlsa ]]; then
			COMPREPLY=($(compgen -W 'create verify rollover' \
			    -- "$word"))
		elif [[ $command == policy ]]; then
			COMPREPLY=($(compgen -W export -- "$word"))
		elif [[ $command == report && " ${COMP_WORDS[*]} " == \
		    *' --read '* ]]; then
			compopt -o filenames
			COMPREPLY=($(compgen -f -- "$word"))
		fi ;;
	esac
}

complete -F _striptls_analyzer striptls-analyzer
