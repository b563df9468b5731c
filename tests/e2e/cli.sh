#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Goal: the command line keeps its promises to programs: --help of every command, the shapes
# of --json, exit codes, no terminal needed, batch, undo, mistakes, SQL that can only read,
# French and English.
# ctest: no-valgrind timeout=1200
. "${SOURCE_DIR:?}/tests/e2e/team.sh"

shape() { jq -e "$1" "$OUT" >"$WORK/shape" || fail "not of the shape $1: $(head -c 2000 "$OUT")"; }
shows() { # COMMAND... : as people read it, must not be JSON and not be empty
    expect 0 on claire "$@"
    [ -s "$OUT" ] || fail "no output of $*"
}

step "help, in both languages"
expect 0 on claire help --lang en
has "$OUT" "space create"
expect 0 on claire help --lang fr
has "$OUT" "Commandes"
expect 0 on claire --help
mapfile -t commands < <(on claire help --lang en | sed -n 's/^  \([a-z]\{3,\}\( [a-z]\{3,\}\)\{0,1\}\)\( .*\)\{0,1\}$/\1/p')
[ ${#commands[@]} -ge 25 ] || fail "only ${#commands[@]} commands are listed"
for command in init "space create" "space list" invite join approve new set show list find undo sync \
    status history conflicts resolve sql audit\ verify audit\ log member\ list batch mistake pack\ check \
    pack\ publish; do
    for lang in fr en; do
        # shellcheck disable=SC2086
        expect 0 on claire $command --help --lang $lang
        grep -q "${command%% *}" "$OUT" || fail "--help of $command does not name it"
    done
done
for command in init serve check stats; do
    expect 0 "$PASSERELLE_BIN_DIR/passerelled" $command --help
    has "$OUT" "$command"
done

step "a device, a space"
server_init
server_start
expect 0 on claire init --name "Claire, portable" --kdf light --json
shape '.device | test("^[0-9a-f]{32}$")'
expect 0 on claire space create "Équipe nord" --level team --server "$FOUNDER" --json
shape 'type == "object" and .name == "Équipe nord"'
expect 0 on claire space list --json
shape 'type == "array" and (.[0] | .name == "Équipe nord" and .level == "team")'

step "records"
expect 0 on claire new site nom="Les Saules" commune=Aubry --json
shape '(.id | test("^[0-9a-f-]{32,}$")) and (.code | test("^[0-9A-Z]{8}$"))'
site=$(field .id)
code=$(field .code)
shows new personne prenom="Ștefan" nom="O'Hara; \"le grand\"" site="$code"
expect 0 on claire new personne prenom=Ana site="Les Saules" --json
ana=$(field .id)
expect 0 on claire set "$ana" langues=ro,bg telephone="06 00 00 12 34" annee_naissance=1990 --json
shape '.id == "'"$ana"'"'
expect 0 on claire show "$ana" --json
shape 'type == "object" and .prenom == "Ana" and (.base | type == "number") and .code and .kind == "personne"'
expect 0 on claire show "$code" --json
shape '.nom == "Les Saules"'
expect 0 on claire show "${code:0:5}" --json
shape '.id == "'"$site"'"'
expect 0 on claire list personne --json
shape 'length == 2 and all(.[]; .id and .code and .prenom)'
expect 0 on claire list personne --where "annee_naissance = 1990" --json
shape 'length == 1 and .[0].prenom == "Ana"'
expect 0 on claire find stefan --json
shape 'length == 1 and .[0].kind == "personne"'
expect 0 on claire find "saul" --json
shape 'length >= 1'
expect 0 on claire history "$ana" --json
shape 'length >= 5 and all(.[]; has("field") and has("value") and has("author") and has("claimed_at"))'
expect 0 on claire conflicts --json
shape '. == []'
expect 0 on claire kinds --json
shape 'any(.[]; .kind == "personne")'
expect 0 on claire fields personne --json
shape 'any(.[]; .field == "prenom")'
expect 0 on claire sql "SELECT prenom, annee_naissance FROM personne ORDER BY prenom" --json
same "rows keyed by column" '[{"prenom":"Ana","annee_naissance":1990},{"prenom":"Ștefan","annee_naissance":null}]' \
    "$(jq -c . "$OUT")"
expect 0 on claire sql "SELECT value FROM json_each('[7]')" --json
same "a table function in a view that was loaded" '[{"value":7}]' "$(jq -c . "$OUT")"
shows list personne
has "$OUT" "Ștefan"
shows show "$ana"
shows history "$ana"
shows sql "SELECT count(*) FROM personne"
shows find ana

step "state and synchronisation"
expect 0 on claire status --json
shape '.spaces[0] | .name and (.unsent > 0) and has("size") and has("checkpoint_time") and has("alarm")'
expect 0 on claire sync --json
shape '(.requests == 1) and (.spaces[0] | .unsent == 0 and (.checkpoint_time | type == "string") and .alarm == null)'
shows status
expect 0 on claire invite --role reader --json
shape '(.link | startswith("http://127.0.0.1")) and (.expires | test("^20[0-9]{2}-"))'
shows invite --role writer
expect 0 on claire member list --json
shape '.[0] | (.device | test("^[0-9a-f]{32}$")) and .name == "Claire, portable" and (.roles | index("admin")) and .state == "active"'
expect 0 on claire audit log --json
shape 'length > 3 and all(.[]; has("index") and has("kind") and has("device") and has("received_at"))'
shows audit log
shows audit verify
shows member list
expect 0 on claire audit checkpoint
has "$OUT" "$(expect 0 on claire status --json; jq -r '.spaces[0].size' "$OUT")"

step "undo, mistakes"
expect 0 on claire set "$ana" prenom=Anna
expect 0 on claire undo
same "after undo" '"Ana"' "$(query claire "SELECT prenom FROM personne WHERE id = '$ana'" | jq .prenom)"
expect 1 on claire undo --lang en
has "$ERR" "undo"
expect 0 on claire --now 2025-03-04T10:00:00Z set "$ana" prenom=Anna
expect 1 on claire --now 2025-03-04T10:00:11Z undo
expect 0 on claire mistake "$ana"
expect 0 on claire list personne --json
shape 'length == 1'
expect 0 on claire history "$ana" --json
shape 'any(.[]; .value == "Ana")'
expect 0 on claire mistake "$ana" --off
expect 0 on claire list personne --json
shape 'length == 2'

step "batch"
cat >"$WORK/lines" <<'B'
# a comment, and an empty line

new site nom='Deux mots' commune="avec \"guillemets\""
new personne prenom=Iulia site="Deux mots"
list site
status
B
expect 0 on claire batch "$WORK/lines" --json
same "documents, one per line" 4 "$(wc -l <"$OUT")"
jq -es 'length == 4 and .[0].id and .[1].code and (.[2] | length == 2) and .[3].spaces' "$OUT" >"$WORK/shape" ||
    fail "$(cat "$OUT")"
printf 'new site nom=Trois\nnonsense\nnew site nom=Quatre\n' >"$WORK/lines"
code=0
on claire batch "$WORK/lines" --lang en >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -ne 0 ] || fail "a batch with a wrong line ends with 0"
has "$ERR" "line 2"
same "stopped at the wrong line" '{"n":3}' "$(query claire "SELECT count(*) AS n FROM site")"
code=0
on claire batch "$WORK/lines" --keep-going >"$OUT" 2>"$ERR" </dev/null || code=$?
[ $code -ne 0 ] || fail "a batch with a wrong line ends with 0"
same "went on" '{"n":5}' "$(query claire "SELECT count(*) AS n FROM site")"

step "SQL can only read"
for statement in "DELETE FROM site" "UPDATE site SET nom = 'x'" "DROP TABLE site" "PRAGMA writable_schema=1" \
    "ATTACH '$WORK/stolen.db' AS x" "SELECT 1; SELECT 2" "VACUUM INTO '$WORK/stolen.db'" \
    "SELECT load_extension('x')" "CREATE TABLE x(y)" "SELECT writefile('$WORK/stolen.db', 'x')" "BEGIN" ""; do
    code=0
    on claire sql "$statement" --json >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ $code -eq 1 ] || [ $code -eq 2 ] || fail "exit $code for: $statement"
    [ -s "$ERR" ] || fail "no message for: $statement"
done
[ ! -e "$WORK/stolen.db" ] || fail "SQL wrote a file"
same "sites after all that" '{"n":5}' "$(query claire "SELECT count(*) AS n FROM site")"

step "languages"
expect 1 on claire show nothing-such --lang en
has "$ERR" "No record"
expect 1 on claire show nothing-such --lang fr
has "$ERR" "Aucune fiche"
expect 1 env LC_ALL=en_GB.UTF-8 PASSERELLE_HOME="$WORK/claire" PASSERELLE_PASSPHRASE_FILE="$WORK/claire.pass" \
    "$PASSERELLE_BIN_DIR/passerelle" show nothing-such
has "$ERR" "No record"
expect 1 env LC_ALL=fr_FR.UTF-8 PASSERELLE_HOME="$WORK/claire" PASSERELLE_PASSPHRASE_FILE="$WORK/claire.pass" \
    "$PASSERELLE_BIN_DIR/passerelle" show nothing-such
has "$ERR" "Aucune fiche"

step "options instead of the environment; no terminal, no passphrase, no waiting"
expect 0 env -u PASSERELLE_HOME -u PASSERELLE_PASSPHRASE_FILE "$PASSERELLE_BIN_DIR/passerelle" --home "$WORK/claire" \
    --passphrase-file "$WORK/claire.pass" list site --json
shape 'length == 5'
expect 1 timeout 20 setsid env PASSERELLE_HOME="$WORK/claire" "$PASSERELLE_BIN_DIR/passerelle" list site --lang en
has "$ERR" "passphrase"

step "the pack"
expect 0 on claire pack check "$SOURCE_DIR/client/domain/mediation-emploi.json"
echo '{"pack": "x"}' >"$WORK/bad.json"
expect 1 on claire pack check "$WORK/bad.json"
[ -s "$ERR" ] || fail "no message about a bad pack"
jq '.version += 1 | .kinds.site.fields.texte.label.fr = "Carnet du site"' \
    "$SOURCE_DIR/client/domain/mediation-emploi.json" >"$WORK/new.json"
expect 0 on claire pack publish "$WORK/new.json"
synced claire
device bruno
enrol claire "Équipe nord" bruno
expect 0 on bruno fields site --json
shape 'any(.[]; .label == "Carnet du site")'
expect 0 on bruno set "$site" texte="avec le nouveau référentiel"
synced bruno claire
same "what claire reads" '"avec le nouveau référentiel"' \
    "$(query claire "SELECT texte FROM site WHERE id = '$site'" | jq .texte)"

step "sync --watch sees what a colleague sends; a second program says that the device is in use"
background env PASSERELLE_HOME="$WORK/bruno" PASSERELLE_PASSPHRASE_FILE="$WORK/bruno.pass" \
    "$PASSERELLE_BIN_DIR/passerelle" sync --watch --for 8 >"$WORK/watch.out" 2>&1
watcher=$PID
until_true 10 sh -c "curl -fsS $URL/metrics | grep -q '^passerelle_long_polls_held 1'"
expect 1 on bruno set "$site" commune=Ailleurs --lang en
has "$ERR" "another program"
expect 0 on claire set "$site" effectif=77
synced claire
wait "$watcher" || fail "sync --watch ended with $?: $(cat "$WORK/watch.out")"
same "what bruno sees without another sync" '{"effectif":77}' \
    "$(query bruno "SELECT effectif FROM site WHERE id = '$site'")"
