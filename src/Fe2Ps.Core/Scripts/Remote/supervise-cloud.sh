# What the supervisor asks EC2, and how: curl carries the requests, this signs them. Included by supervise-move.
# The requests themselves are ready-made: Core has written them into the job's plan, @WORDS@ are filled in here.
# Nothing secret is ever an argument or a file: printf is the shell's own, curl reads its headers from standard input.
# Sources: "Create a signed AWS API request" in the IAM user guide; "Retrieve security credentials from instance metadata" and
# "Error codes for the Amazon EC2 API" in EC2's.
# shellcheck shell=sh disable=SC2154 # private, id: of open_job
service=169.254.169.254
secret_key=
answer=$private/cloud.answer
form=$private/cloud.form

# plan KEY: what the plan says, or nothing.
plan() { sed -n "s/^$1 //p" "$private/plan" | head -n 1; }

# text KEY: the same for a text, which the plan holds in base64.
text() { plan "$1" | base64 -d; }

sha256() { sha256sum | cut -d ' ' -f 1; }

# raw ESCAPES: bytes of their escapes.
raw() { printf '%b' "$1"; }

# escapes HEX [MASK]: sets escaped, the bytes as printf takes them, each of them XOR the mask.
escapes() {
    rest=$1
    escaped=
    while [ -n "$rest" ]; do
        byte=$((0x${rest%"${rest#??}"} ^ ${2:-0}))
        rest=${rest#??}
        escaped="$escaped\\0$((byte / 64))$((byte / 8 % 8))$((byte % 8))"
    done
}

# mac KEY TEXT: HMAC-SHA256 (RFC 2104), key and answer in hexadecimal. Sets code.
mac() {
    key=$1
    [ ${#key} -le 128 ] || { escapes "$key"; key=$(raw "$escaped" | sha256); }
    while [ ${#key} -lt 128 ]; do key=${key}00; done
    escapes "$key" 0x36
    code=$({ raw "$escaped"; printf %s "$2"; } | sha256)
    escapes "$key" 0x5c
    outer=$escaped
    escapes "$code"
    code=$(raw "$outer$escaped" | sha256)
}

# sign HOST REGION TIME FILE: sets authorization for a POST of the file to EC2, signed with access_key, secret_key and
# session_token; TIME is as in X-Amz-Date.
sign() {
    names='content-type;host;x-amz-date'
    [ -z "$session_token" ] || names="$names;x-amz-security-token"
    day=${3%T*}
    scope=$day/$2/ec2/aws4_request
    hash=$({
        printf 'POST\n/\n\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\nhost:%s\nx-amz-date:%s\n' "$1" "$3"
        [ -z "$session_token" ] || printf 'x-amz-security-token:%s\n' "$session_token"
        printf '\n%s\n%s' "$names" "$(sha256 < "$4")"
    } | sha256)
    mac "$(printf 'AWS4%s' "$secret_key" | od -An -v -tx1 | tr -d ' \n')" "$day"
    mac "$code" "$2"
    mac "$code" ec2
    mac "$code" aws4_request
    mac "$code" "AWS4-HMAC-SHA256
$3
$scope
$hash"
    authorization="AWS4-HMAC-SHA256 Credential=$access_key/$scope, SignedHeaders=$names, Signature=$code"
}

# metadata METHOD PATH HEADER: prints what the instance metadata service says. It may be slow for a moment.
metadata() {
    printf 'header = "%s"\n' "$3" | curl -s -f -m 5 --noproxy '*' --retry 2 -X "$1" -K - "http://$service/latest/$2" 2>/dev/null
}

# value NAME: of the credentials on standard input, which are flat JSON of texts without escapes; anything else is not taken.
value() { sed 's/[,{}]/\n/g' | sed -n 's/^[[:space:]]*"'"$1"'"[[:space:]]*:[[:space:]]*"\([A-Za-z0-9+/=_-]*\)"[[:space:]]*$/\1/p' | head -n 1; }

# credentials: those of the machine's role, for at most ten minutes; the service renews them five minutes before their end.
credentials() {
    [ -z "$secret_key" ] || [ $(($(date +%s) - asked)) -gt 600 ] || return 0
    asked=$(date +%s)
    token=$(metadata PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60') || return 1
    token="X-aws-ec2-metadata-token: $token"
    role=$(metadata GET meta-data/iam/security-credentials/ "$token") || return 1
    role=$(printf '%s\n' "$role" | head -n 1)
    document=$(metadata GET "meta-data/iam/security-credentials/$role" "$token") || return 1
    access_key=$(printf '%s' "$document" | value AccessKeyId)
    secret_key=$(printf '%s' "$document" | value SecretAccessKey)
    session_token=$(printf '%s' "$document" | value Token)
    document=
    [ -n "$access_key" ] && [ -n "$secret_key" ] && [ -n "$session_token" ]
}

# encoded TEXT: for a form. Only what base64 and fingerprints hold besides letters and digits.
encoded() { printf %s "$1" | sed 's/%/%25/g; s/+/%2B/g; s,/,%2F,g; s/=/%3D/g; s/:/%3A/g; s/ /%20/g'; }

# fill BODY [WORD VALUE]...: prints the body with its words filled in.
fill() {
    edits=
    unfilled=$1
    shift
    while [ $# -gt 1 ]; do
        edits="${edits}s|@$1@|$2|g;"
        shift 2
    done
    printf %s "$unfilled" | sed "$edits"
}

# lines: the XML of the answer, one element a line.
lines() { tr -d '\r\n' < "$answer" | sed 's/>[[:space:]]*</>\n</g'; }

# element NAME: the text of the first element of that name.
element() { lines | sed -n "s,^<$1>\([^<]*\)</$1>\$,\1,p" | head -n 1; }

# post: one call with the body in form. Sets http (000: no answer) and problem, EC2's code of an error.
post() {
    http=000
    problem=NoCredentials
    credentials || { secret_key=; return 1; }
    problem=
    endpoint=$(plan endpoint)
    host=${endpoint#*://}
    host=${host%%/*}
    moment=$(date -u +%Y%m%dT%H%M%SZ)
    sign "$host" "$(plan region)" "$moment" "$form"
    http=$(printf 'header = "%s"\n' 'Content-Type: application/x-www-form-urlencoded; charset=utf-8' "Host: $host" "X-Amz-Date: $moment" \
        "X-Amz-Security-Token: $session_token" "Authorization: $authorization" \
        | curl -s -m 40 --connect-timeout 5 -o "$answer" -w '%{http_code}' -K - --data-binary "@$form" "$endpoint/" 2>/dev/null) || http=000
    [ "$http" != 200 ] || return 0
    problem=$(element Code)
    : "${problem:=NoAnswer}"
    case $problem in
        ExpiredToken | RequestExpired | AuthFailure | InvalidClientTokenId) secret_key= ;;
    esac
    return 1
}

# call BODY [WORD VALUE]...: sends it; repeated where EC2 slows calls down or has trouble of its own, and not where it has no room.
# Returns 1 with problem set when EC2 refused. Not for a pipe: what it learns would be lost with the pipe's own shell.
call() {
    (umask 077 && fill "$@" > "$form") || return 1
    pause=1
    tries=0
    until post; do
        tries=$((tries + 1))
        case $problem in
            NoCredentials | NoAnswer | RequestLimitExceeded | Throttling | ThrottlingException | InternalError | InternalFailure | Unavailable | ServiceUnavailable | ExpiredToken | RequestExpired) ;;
            *.NotFound) [ -n "${fresh-}" ] || return 1 ;;
            *) return 1 ;;
        esac
        [ $tries -lt "${patience-12}" ] || return 1
        say "fe2: EC2 answers $problem, trying again in $pause s"
        sleep $pause
        [ $pause -ge 8 ] || pause=$((pause * 2))
    done
}

# instances: of the answer to DescribeInstances or RunInstances: id, state, private address and launch time, one a line, the oldest
# first.
instances() {
    lines | awk '
        function end() { if (id != "") print id, (state == "" ? "-" : state), (address == "" ? "-" : address), (born == "" ? "-" : born) }
        function text() { gsub(/<[^>]*>/, ""); return $0 }
        /^<instanceId>i-[0-9a-f]+<\/instanceId>$/ { end(); id = text(); state = address = born = ""; next }
        /^<instanceState>$/ { in_state = 1; next }
        /^<name>[a-z-]+<\/name>$/ && in_state { state = text(); in_state = 0; next }
        /^<privateIpAddress>[0-9.]+<\/privateIpAddress>$/ && address == "" { address = text(); next }
        /^<launchTime>[0-9TZ:.-]+<\/launchTime>$/ { born = text(); next }
        END { end() }' | sort -k 4
}

# reach ADDRESS ALIAS COMMAND: on a machine of the job. Its host key is pinned at the first contact, in this job's own file. The calls
# share a connection, as far as its socket's path is not too long (108 bytes, 17 of them ssh's own).
reach() {
    there=$1
    alias=$2
    shift 2
    shared=no
    [ ${#private} -gt 65 ] || shared=auto
    ssh -F /dev/null -l "$(text user)" -i "$private/supervise.key" -o IdentitiesOnly=yes -o IdentityAgent=none -o PreferredAuthentications=publickey \
        -o BatchMode=yes -o "HostKeyAlias=$alias" -o "UserKnownHostsFile=\"$private/machines\"" -o GlobalKnownHostsFile=/dev/null \
        -o StrictHostKeyChecking=accept-new -o HostKeyAlgorithms=^ssh-ed25519 -o UpdateHostKeys=no -o CheckHostIP=no -o HashKnownHosts=no \
        -o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -o LogLevel=ERROR -o ControlMaster=$shared -o ControlPersist=30 \
        -o "ControlPath=\"$private/s-${alias#i-}\"" "$there" "$@" 8>&-
}

# unshare: ends the shared connections.
unshare() {
    for socket in "$private"/s-*; do
        [ ! -S "$socket" ] || ssh -F /dev/null -o "ControlPath=\"$socket\"" -O exit - 2>/dev/null
    done
}

# unsupervise: what the supervisor needed is taken away.
unsupervise() {
    for file in plan supervise.note supervise.key supervise.key.pub supervise.line machines no-room cloud.form cloud.answer; do
        rm -f "$private/$file"
    done
}
