# SPDX-License-Identifier: Apache-2.0
#
# Read by the layer tests: the files of the tree, and the self-check that each of
# them begins with. A check that would not notice a violation is worth nothing, so
# each test plants one in a temporary copy first and must find it there.

# Sources of the tree $1, one per line from its root: what git tracks or would
# track, or everything in a tree without git.
tree_files() {
    if git -C "$1" rev-parse --is-inside-work-tree >/dev/null 2>&1 &&
        [ "$(cd "$1" && git rev-parse --show-prefix)" = "" ]; then
        git -C "$1" -c core.quotePath=off ls-files --cached --others --exclude-standard |
            while IFS= read -r file; do [ -f "$1/$file" ] && printf '%s\n' "$file"; done
    else
        (cd "$1" && find . -name node_modules -prune -o -name 'build*' -type d -prune -o \
            -path ./.git -prune -o -type f -printf '%P\n')
    fi | sort
}

# A copy of the tree's files in a new folder; prints its name. The caller removes it.
tree_copy() {
    local copy
    copy=$(mktemp -d)
    tree_files "$1" | tar -C "$1" --ignore-failed-read -cf - -T - | tar -C "$copy" -xf -
    printf '%s\n' "$copy"
}

# expect_found WHAT COMMAND...: the command must fail and name WHAT in its output.
expect_found() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "self-check: a planted violation was not found: $what" >&2
        exit 1
    fi
    if ! grep -qF -- "$what" <<<"$output"; then
        printf 'self-check: %s is not named in:\n%s\n' "$what" "$output" >&2
        exit 1
    fi
}
