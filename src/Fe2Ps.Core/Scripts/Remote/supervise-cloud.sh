# What the supervisor asks EC2. Included by supervise-move.
# The requests themselves are ready-made: Core has written them into the job's plan, @WORDS@ are filled in here.
# Source: "Error codes for the Amazon EC2 API" in the EC2 API reference.
# shellcheck shell=sh disable=SC2154 # private, id: of open_job
# shellcheck source=aws.sh
. "$HOME/.fe2/aws"
answer=$private/cloud.answer
form=$private/cloud.form

# plan KEY: what the plan says, or nothing.
plan() { sed -n "s/^$1 //p" "$private/plan" | head -n 1; }

# text KEY: the same for a text, which the plan holds in base64.
text() { plan "$1" | base64 -d; }

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

# post: one call with the body in form. Sets http and problem, as send does.
post() { send "$(plan endpoint)" "$(plan region)" ec2; }

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

# instances: of the answer to DescribeInstances or RunInstances: id, state, address and launch time, one a line, the oldest first.
# The address is the private or the public one, whichever was found to lead to the job's machines; see supervise-up.
instances() {
    lines | awk -v way="$(cat "$private/way" 2>/dev/null)" '
        function end() { if (id != "") print id, (state == "" ? "-" : state), (address == "" ? "-" : address), (born == "" ? "-" : born) }
        function text() { gsub(/<[^>]*>/, ""); return $0 }
        /^<instanceId>i-[0-9a-f]+<\/instanceId>$/ { end(); id = text(); state = address = born = ""; next }
        /^<instanceState>$/ { in_state = 1; next }
        /^<name>[a-z-]+<\/name>$/ && in_state { state = text(); in_state = 0; next }
        way != "public" && /^<privateIpAddress>[0-9.]+<\/privateIpAddress>$/ && address == "" { address = text(); next }
        way == "public" && /^<ipAddress>[0-9.]+<\/ipAddress>$/ && address == "" { address = text(); next }
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
    for file in supervised plan way supervise.note supervise.key supervise.key.pub supervise.line next.key machines no-room cloud.form cloud.answer \
        save.form save.answer still still.said refused; do
        rm -f "$private/$file"
    done
}
