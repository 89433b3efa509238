# Calls of AWS's query APIs by the machine's role: curl carries them, this signs them. Included by scripts that set form and answer, the
# files of a call.
# Nothing secret is ever an argument or a file: printf is the shell's own, curl reads its headers from standard input.
# Sources: "Create a signed AWS API request" in the IAM user guide; "Retrieve security credentials from instance metadata" in EC2's.
# shellcheck shell=sh disable=SC2034,SC2154 # form, answer: of the script that includes this
service=169.254.169.254
secret_key=

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

# sign HOST REGION SERVICE TIME FILE: sets authorization for a POST of the file, signed with access_key, secret_key and
# session_token; TIME is as in X-Amz-Date.
sign() {
    names='content-type;host;x-amz-date'
    [ -z "$session_token" ] || names="$names;x-amz-security-token"
    day=${4%T*}
    scope=$day/$2/$3/aws4_request
    hash=$({
        printf 'POST\n/\n\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\nhost:%s\nx-amz-date:%s\n' "$1" "$4"
        [ -z "$session_token" ] || printf 'x-amz-security-token:%s\n' "$session_token"
        printf '\n%s\n%s' "$names" "$(sha256 < "$5")"
    } | sha256)
    mac "$(printf 'AWS4%s' "$secret_key" | od -An -v -tx1 | tr -d ' \n')" "$day"
    mac "$code" "$2"
    mac "$code" "$3"
    mac "$code" aws4_request
    mac "$code" "AWS4-HMAC-SHA256
$4
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

# lines: the XML of the answer, one element a line.
lines() { tr -d '\r\n' < "$answer" | sed 's/>[[:space:]]*</>\n</g'; }

# element NAME: the text of the first element of that name.
element() { lines | sed -n "s,^<$1>\([^<]*\)</$1>\$,\1,p" | head -n 1; }

# send ENDPOINT REGION SERVICE: one call with the body in the file form; what is said comes into the file answer. Sets http (000: no
# answer) and problem, the service's code of an error.
send() {
    http=000
    problem=NoCredentials
    credentials || { secret_key=; return 1; }
    problem=
    host=${1#*://}
    host=${host%%/*}
    moment=$(date -u +%Y%m%dT%H%M%SZ)
    sign "$host" "$2" "$3" "$moment" "$form"
    http=$(printf 'header = "%s"\n' 'Content-Type: application/x-www-form-urlencoded; charset=utf-8' "Host: $host" "X-Amz-Date: $moment" \
        "X-Amz-Security-Token: $session_token" "Authorization: $authorization" \
        | curl -s -m 40 --connect-timeout 5 -o "$answer" -w '%{http_code}' -K - --data-binary "@$form" "$1/" 2>/dev/null) || http=000
    [ "$http" != 200 ] || return 0
    problem=$(element Code)
    : "${problem:=NoAnswer}"
    case $problem in
        ExpiredToken | RequestExpired | AuthFailure | InvalidClientTokenId) secret_key= ;;
    esac
    return 1
}
