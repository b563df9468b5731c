#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ctest: released no-valgrind no-tsan
#
# Goal: every command line in README, guides, RUNBOOK and manual pages works as it stands. Blocks of commands are run in
# order, document by document, on a machine in a folder: paths of /etc, /var and /srv lead into it, systemctl starts and
# stops the real server, other tools of the system are stood in for. A block with the word not-run is left out (few).
#
# "```sh NAME" runs on the device of NAME; so does a line whose comment says "on NAME's device". LINK and LIEN are the
# last link that was printed, 7KQ2M9XA is a person. Words behind `passerelle` in running text must be commands.
. "${SOURCE_DIR:?}/tests/lib/test.sh"
command -v age >/dev/null || skip "age is not installed"

machine=$WORK/machine
bin=$WORK/bin
export LC_ALL=C.UTF-8 MACHINE=$machine PORT WITNESS_PORT REAL=$PASSERELLE_BIN_DIR STATE=$WORK/state
mkdir -p "$bin" "$STATE"
export PATH=$bin:$PATH

tool() { cat >"$bin/$1"; chmod +x "$bin/$1"; }
# The real programs; what they print is watched for links.
tool passerelle <<'END'
#!/bin/bash
"$REAL/passerelle" "$@" >"$STATE/out" 2>"$STATE/err"
code=$?
cat "$STATE/out"; cat "$STATE/err" >&2
grep -oE 'https?://[^ "]+#[a-z][0-9]\.[A-Za-z0-9._-]+' "$STATE/out" | tail -n 1 >"$STATE/link.new"
[ ! -s "$STATE/link.new" ] || mv "$STATE/link.new" "$STATE/link"
exit $code
END
tool passerelled <<'END'
#!/bin/bash
config=()
if [ "$1" = setup ] && [[ " $* " != *" --config "* ]]; then
    config=(--config "$MACHINE/etc/passerelle/passerelled.conf")
    [[ " $* " == *" --test "* ]] || config+=(--answers "$STATE/answers")
fi
"$REAL/passerelled" "$@" "${config[@]}" | tee "$STATE/out.d"
code=${PIPESTATUS[0]}
grep -oE 'https?://[^ "]+#f1\.[A-Za-z0-9._-]+' "$STATE/out.d" | tail -n 1 >"$STATE/link.new"
[ ! -s "$STATE/link.new" ] || mv "$STATE/link.new" "$STATE/link"
# With the package's configuration setup itself does this.
[[ " ${config[*]} " != *" --answers "* ]] || systemctl start passerelled || code=1
exit "$code"
END
tool passerelle-witness <<'END'
#!/bin/bash
exec "$REAL/passerelle-witness" "$@"
END
tool systemctl <<'END'
#!/bin/bash
# The process of a unit stands in STATE/UNIT.pid.
pid=$STATE/${!#}.pid
stop() {
    [ ! -s "$pid" ] || { kill "$(cat "$pid")" 2>/dev/null
        while kill -0 "$(cat "$pid")" 2>/dev/null; do sleep 0.05; done; }
    rm -f "$pid"
}
serve() { # URL COMMAND...
    local url=$1
    shift
    [ ! -s "$pid" ] || return 0
    setsid "$REAL/$@" </dev/null >>"$STATE/server.log" 2>&1 &
    echo $! >"$pid"
    for _ in $(seq 100); do curl -fsS "$url" >/dev/null 2>&1 && return; sleep 0.1; done
    return 1
}
start() {
    serve "http://127.0.0.1:$PORT/healthz" passerelled serve --config "$MACHINE/etc/passerelle/passerelled.conf"
}
case "$1 ${!#}" in
"start passerelled") start ;;
"stop passerelled") stop ;;
"restart passerelled") stop; start ;;
"is-active passerelled") [ -s "$pid" ] && kill -0 "$(cat "$pid")" && echo active ;;
"restart passerelle-witness")
    stop
    serve "http://127.0.0.1:$WITNESS_PORT/readyz" passerelle-witness serve \
        --data "$MACHINE/var/lib/passerelle-witness" --config "$MACHINE/etc/passerelle-witness.conf" ;;
"stop passerelle-witness") stop ;;
"reload caddy") caddy adapt --adapter caddyfile --config "$MACHINE/etc/caddy/Caddyfile" >/dev/null ;;
"enable passerelle-backup.timer") grep -q OnCalendar "$SOURCE_DIR/deploy/debian/passerelled.passerelle-backup.timer" ;;
"start passerelle-backup"*) passerelle-backup --config "$MACHINE/etc/passerelle/backup.conf" ;;
*) echo "systemctl $*: not known here" >&2; exit 1 ;;
esac
END
command -v caddy >/dev/null || tool caddy <<<'#!/bin/bash'
for name in journalctl timedatectl; do tool $name <<<'#!/bin/bash'; done
[ ! -x "$SOURCE_DIR/deploy/backup" ] || tool passerelle-backup <<END
#!/bin/bash
[[ " \$* " == *" --config "* ]] || set -- "\$@" --config "$machine/etc/passerelle/backup.conf"
exec "$SOURCE_DIR/deploy/backup" "\$@"
END

# The code that the test ended with is what finish_test sees.
trap 'code=$?; systemctl stop passerelled; systemctl stop passerelle-witness; (exit $code); finish_test' EXIT

# fresh: an empty machine with answers for setup, and two people without devices.
fresh() {
    systemctl stop passerelled
    systemctl stop passerelle-witness
    rm -rf "$machine" "$STATE"/*
    PORT=$(free_port) WITNESS_PORT=$(free_port)
    mkdir -p "$machine"/{etc/passerelle,etc/caddy,var/lib,var/backups,srv,people,var/backups/passerelle}
    printf '%s\n' "url = http://127.0.0.1:$PORT" "data = $machine/var/lib/passerelle" "listen = 127.0.0.1:$PORT" \
        "backup = $machine/var/backups/passerelle" "recipient = new" >"$STATE/answers"
    echo "listen 127.0.0.1:$WITNESS_PORT" >"$machine/etc/passerelle-witness.conf"
    for name in Claire Nadia Emma; do echo "tilleul marteau brume $name" >"$machine/people/$name.words"; done
}
# served: a server that runs, whose founder link is LINK.
served() {
    fresh
    passerelled setup >"$OUT" 2>&1 || { cat "$OUT"; fail "setup"; }
    sed -n 's/^ *\(AGE-SECRET-KEY-.*\)/\1/p' "$OUT" >"$machine/people/key.age"
}
# settled: and a team of two, and a person in it.
settled() {
    served
    cat >"$WORK/settle" <<'END'
passerelle init --name Claire --kdf light
passerelle space create Equipe --level team --server LINK
passerelle new site nom="Les Saules" commune=Villebrume
passerelle new personne prenom=Mihai site="Les Saules"
passerelle invite --role writer
passerelle sync
passerelle init --name Nadia --kdf light     # on Nadia's device
passerelle join LINK                         # on Nadia's device
passerelle sync
passerelle approve --all
passerelle sync
passerelle sync                              # on Nadia's device
END
    run_block "$WORK/settle" Claire settling
}

# person NAME: the environment of a device.
person() { printf 'PASSERELLE_HOME=%s PASSERELLE_PASSPHRASE_FILE=%s' "$machine/people/$1" "$machine/people/$1.words"; }

# What stands in documents, made true here.
localised() {
    sed -E -e "s#(^|[ =\"'>])/(etc|var|srv)/#\1$machine/\2/#g" -e "s#tar -C / #tar -C $machine #" \
        -e "s#127\.0\.0\.1:8787#127.0.0.1:$PORT#g" -e "s#127\.0\.0\.1:8788#127.0.0.1:$WITNESS_PORT#g" \
        -e "s#'https://sync.example.org/\#f1\.\.\.'#LINK#g" -e "s#https://sync.example.org#http://127.0.0.1:$PORT#g" \
        -e "s#KEY-FILE#$machine/people/key.age#g"
}

# run_block FILE NAME WHERE: its lines, one after the other.
run_block() {
    local line who code
    while IFS= read -r line; do
        who=$2
        [[ $line =~ \#.*on\ ([A-Z][a-z]+)\'s\ device ]] && who=${BASH_REMATCH[1]}
        if [[ $line == *LINK* || $line == *LIEN* ]]; then
            line=${line//LIEN/LINK}
            line=${line//LINK/\'$(cat "$STATE/link")\'}
        fi
        if [[ $line == *"--accept CODE"* ]]; then
            code=$(env $(person "$who") "$REAL/passerelle" server-key --json | jq -r '.[0].offered')
            line=${line//CODE/$code}
        fi
        if [[ $line == *7KQ2M9XA* ]]; then
            code=$(env $(person "$who") "$REAL/passerelle" sql "SELECT code FROM personne LIMIT 1" --json | jq -r '.[0].code')
            line=${line//7KQ2M9XA/$code}
        fi
        # A server in the foreground would not let the others come.
        if [[ $line =~ ^passerelled\ serve && $line != *'&'* ]]; then
            line="${line%%#*}"
            line="\"\$REAL/passerelled\" ${line#passerelled} >>\"\$STATE/server.log\" 2>&1 & echo \$! >\"\$STATE/passerelled.pid\""
            line+="; for i in \$(seq 100); do curl -fsS http://127.0.0.1:$PORT/readyz && break; sleep 0.1; done"
        fi
        # The server takes its new keys up within a second; the person with the telephone needs longer.
        [[ $line != passerelled\ rotate-key* ]] || line+="; sleep 2"
        ran=$((ran + 1))
        # shellcheck disable=SC2046
        code=0
        env $(person "$who") bash -c "cd '$TMPDIR'; $line" </dev/null >"$OUT" 2>"$ERR" || code=$?
        [ $code -eq 0 ] || { cat "$OUT" "$ERR"; fail "$3: exit $code: $line"; }
    done < <(grep -vE '^ *(#|$)' "$1" | localised)
}

# blocks FILE LANGUAGE...: writes each block of a Markdown document to $WORK/blocks/NN.NAME
blocks() {
    rm -rf "$WORK/blocks"
    mkdir "$WORK/blocks"
    awk -v to="$WORK/blocks" '
        /^```/ && !open { open = 1; take = ($0 ~ /^```(sh.*)?$/) && $0 !~ /not-run/; name = $2 == "" ? "Claire" : $2
                          if ($0 ~ /not-run/) left++
                          file = sprintf("%s/%03d.%s", to, NR, name); next }
        /^```/ { open = 0; next }
        open && take { print > file }
        END { print left + 0 > (to "/left") }' "$1"
}

document() { # FILE [REGEX of lines that another test runs]
    local file=$SOURCE_DIR/$1 block left
    step "$1"
    ran=0
    blocks "$file"
    left=$(cat "$WORK/blocks/left")
    [ "$left" -le 2 ] || fail "$1: $left blocks are not run"
    for block in "$WORK"/blocks/[0-9]*; do
        [ -e "$block" ] || continue
        if [ -n "${2:-}" ]; then sed -i -E "/$2/d" "$block"; fi
        run_block "$block" "${block##*.}" "$1:$(basename "${block%.*}" | sed 's/^0*//')"
    done
    echo "   $ran command lines"
    all=$((all + ran))
}

manual() { # FILE: what stands in literal displays
    local page=$1
    step "$(basename "$page")"
    ran=0
    awk '/^\.Bd -literal/ { open = 1; next } /^\.Ed/ { open = 0 } open { gsub(/\\-/, "-"); print }' "$page" |
        grep -E '^(passerelled?|passerelle-witness|passerelle-backup|systemctl|curl) ' >"$WORK/manual" || true
    run_block "$WORK/manual" Claire "$(basename "$page")"
    echo "   $ran command lines"
    all=$((all + ran))
}

all=0
elsewhere='^(deploy\/demo|tests\/run|cmake |ctest |KEEP=1 ctest |ninja )'
fresh
document README.md "$elsewhere"
served
document client/README.md "$elsewhere"
served
document client/GUIDE.fr.md
fresh
document deploy/GUIDE.fr.md
settled
document deploy/RUNBOOK.md
fresh
manual "$SOURCE_DIR/server/passerelled.8"
served
manual "$SOURCE_DIR/server/passerelle-witness.8"
manual "$SOURCE_DIR/deploy/passerelle-backup.8"
manual "$BUILD_DIR/generated/passerelle.1"
[ "$all" -gt 60 ] || fail "only $all command lines were found"

step "links, pictures, and the words on buttons"
for file in README.md .github/*.md client/{README,GUIDE.fr}.md deploy/{RUNBOOK,GUIDE.fr,CHANGES}.md client/FICHE.fr.html; do
    while IFS= read -r link; do
        [ -e "$SOURCE_DIR/$(dirname "$file")/$link" ] || fail "$file: $link is not there"
    done < <(grep -oE '(\]\(|src=")[^)"#]+' "$SOURCE_DIR/$file" | sed -E 's/^(\]\(|src=")//' | grep -v '^https\?:' | sort -u)
done
for file in client/GUIDE.fr.md client/FICHE.fr.html; do
    words=$(grep -oE '(\*\*|<b>)« [^»]+ »' "$SOURCE_DIR/$file" | sed 's/.*« \(.*\) »/\1/' | sort -u)
    [ -n "$words" ] || fail "$file names no button"
    while IFS= read -r word; do
        grep -qF -- "$word" "$SOURCE_DIR/client/web/page/strings/fr.js" || fail "$file: no screen says \"$word\""
    done <<<"$words"
done

if command -v chromium >/dev/null; then
    expect 0 timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$WORK/chromium" \
        --print-to-pdf="$WORK/sheet.pdf" "file://$SOURCE_DIR/client/FICHE.fr.html"
    same "pages of the sheet" 1 "$(grep -acE '/Type */Page\b' "$WORK/sheet.pdf")"
fi

step "words in running text"
commands=$("$REAL/passerelle" --lang en help --format man | sed -n 's/^\.It Ic "\(.*\)"$/\1/p' | tr -d '\\')
servers=$("$REAL/passerelled" help | sed -n 's/^  \([a-z-]*\) .*/\1/p')
for file in README.md client/README.md client/GUIDE.fr.md deploy/{RUNBOOK,GUIDE.fr,CHANGES}.md client/domain/README.md; do
    while read -r program word; do
        if [ "$program" = passerelle ]; then
            grep -q "^$word\b" <<<"$commands" || fail "$file: passerelle $word is no command"
        else
            grep -qx "$word" <<<"$servers" || [ "$word" = export ] || fail "$file: passerelled $word is no command"
        fi
    done < <(grep -oE '`(passerelle|passerelled) [a-z][a-z-]+' "$SOURCE_DIR/$file" | tr -d '`' | sort -u)
done
echo "   $all command lines in all"
