// SPDX-License-Identifier: Apache-2.0
//
// Verifies what emit_notes printed (standard input) with Go's sumdb/note and sumdb/tlog: everything
// must verify as it is, and nothing once a bit of it is changed.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type line struct {
	Type      string
	Name      string
	KeyHash   []byte `json:"key_hash"`
	PublicKey []byte `json:"public_key"`
	Size      int64
	Index     int64
	Old       int64
	Time      uint64
	Note      []byte
	Cosigned  []byte
	Entry     []byte
	Root      []byte
	OldRoot   []byte `json:"old_root"`
	Proof     [][]byte
}

func fail(format string, args ...interface{}) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

// A verifier of C2SP cosignatures (type 4), which sumdb/note leaves to its callers.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	w.time = binary.BigEndian.Uint64(sig)
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", w.time, msg)
	return ed25519.Verify(w.key, []byte(text), sig[8:])
}

func hash(b []byte) (h tlog.Hash) {
	if copy(h[:], b) != tlog.HashSize || len(b) != tlog.HashSize {
		fail("a hash of %d bytes", len(b))
	}
	return h
}

func hashes(list [][]byte) (out []tlog.Hash) {
	for _, b := range list {
		out = append(out, hash(b))
	}
	return out
}

func checkNote(l line, log note.Verifier, w *witness) {
	opened, err := note.Open(l.Note, note.VerifierList(log))
	if err != nil {
		fail("note %d: %v", l.Size, err)
	}
	want := fmt.Sprintf("%s\n%d\n%s\n", log.Name(), l.Size, base64.StdEncoding.EncodeToString(l.Root))
	if opened.Text != want || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) != 0 {
		fail("note %d reads otherwise: %q", l.Size, opened.Text)
	}
	opened, err = note.Open(l.Cosigned, note.VerifierList(log, w))
	if err != nil || opened.Text != want || len(opened.Sigs) != 2 || w.time != l.Time {
		fail("cosigned note %d: %v", l.Size, err)
	}
	// A reader that does not know the witness reads the same note.
	opened, err = note.Open(l.Cosigned, note.VerifierList(log))
	if err != nil || opened.Text != want || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) != 1 {
		fail("cosigned note %d without the witness: %v", l.Size, err)
	}
	if l.Size%16 != 1 {
		return
	}
	for i := range want {
		altered := append([]byte(nil), l.Note...)
		altered[i] ^= 1
		if _, err := note.Open(altered, note.VerifierList(log)); err == nil {
			fail("note %d opens with byte %d altered", l.Size, i)
		}
		altered = append([]byte(nil), l.Cosigned...)
		altered[i] ^= 1
		if _, err := note.Open(altered, note.VerifierList(w)); err == nil {
			fail("cosigned note %d opens with byte %d altered", l.Size, i)
		}
	}
}

// Calls check for the proof with each of its hashes altered, one missing and one too many.
func alter(proof []tlog.Hash, check func([]tlog.Hash) error, what string) {
	for i := range proof {
		altered := append([]tlog.Hash(nil), proof...)
		altered[i][i%tlog.HashSize] ^= 0x10
		if check(altered) == nil {
			fail("%s verifies with hash %d altered", what, i)
		}
	}
	if len(proof) > 0 && check(proof[1:]) == nil {
		fail("%s verifies with a hash missing", what)
	}
	if check(append(append([]tlog.Hash(nil), proof...), tlog.Hash{})) == nil {
		fail("%s verifies with a hash too many", what)
	}
}

func checkInclusion(l line) {
	what := fmt.Sprintf("inclusion of %d in %d", l.Index, l.Size)
	leaf := tlog.RecordHash(l.Entry)
	check := func(proof []tlog.Hash) error {
		return tlog.CheckRecord(proof, l.Size, hash(l.Root), l.Index, leaf)
	}
	proof := hashes(l.Proof)
	if err := check(proof); err != nil {
		fail("%s: %v", what, err)
	}
	alter(proof, check, what)
	leaf = tlog.RecordHash(append(l.Entry, 'x'))
	if check(proof) == nil {
		fail("%s: another entry verifies", what)
	}
}

func checkConsistency(l line) {
	what := fmt.Sprintf("consistency of %d with %d", l.Old, l.Size)
	old := hash(l.OldRoot)
	check := func(proof []tlog.Hash) error {
		return tlog.CheckTree(proof, l.Size, hash(l.Root), l.Old, old)
	}
	proof := hashes(l.Proof)
	if err := check(proof); err != nil {
		fail("%s: %v", what, err)
	}
	alter(proof, check, what)
	old[0] ^= 1
	if check(proof) == nil {
		fail("%s: another old root verifies", what)
	}
}

func main() {
	var log note.Verifier
	w := &witness{}
	count := map[string]int{}
	roots := map[int64][]byte{}
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		var l line
		if err := json.Unmarshal(input.Bytes(), &l); err != nil {
			fail("%v: %s", err, input.Text())
		}
		count[l.Type]++
		if (l.Type == "inclusion" || l.Type == "consistency") && !bytes.Equal(roots[l.Size], l.Root) {
			fail("a proof for another root than the note's: %s", input.Text())
		}
		switch l.Type {
		case "log":
			blob := base64.StdEncoding.EncodeToString(append([]byte{1}, l.PublicKey...))
			var err error
			log, err = note.NewVerifier(fmt.Sprintf("%s+%x+%s", l.Name, l.KeyHash, blob))
			if err != nil || !strings.HasPrefix(log.Name(), "log.example/") {
				fail("the log's key: %v", err)
			}
		case "witness":
			*w = witness{name: l.Name, hash: binary.BigEndian.Uint32(l.KeyHash), key: l.PublicKey}
		case "note":
			checkNote(l, log, w)
			roots[l.Size] = l.Root
		case "inclusion":
			checkInclusion(l)
		case "consistency":
			checkConsistency(l)
		default:
			fail("what is this: %s", input.Text())
		}
	}
	if err := input.Err(); err != nil {
		fail("%v", err)
	}
	fmt.Printf("Go verified %d notes, %d inclusion and %d consistency proofs\n",
		count["note"], count["inclusion"], count["consistency"])
	if count["note"] < 70 || count["inclusion"] < 2000 || count["consistency"] < 800 {
		fail("that is too few")
	}
}
