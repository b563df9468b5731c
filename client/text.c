/* SPDX-License-Identifier: Apache-2.0
 *
 * The folding tables: one letter per code point; '.' means "keep the character", '?' means "several
 * letters, see `pairs`".
 */
#include "client/text.h"

#include <string.h>

/* U+00C0..U+024F: Latin-1, Extended-A, Extended-B. */
static const char latin[] =
    "aaaaaa?ceeeeiiiidnooooo ouuuuy??aaaaaa?ceeeeiiiidnooooo ouuuuy?y" /* 00C0 */
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkklllllll" /* 0100 */
    "lllnnnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" /* 0140 */
    "bbbbbboccdddddeeeffgg?iikkllmnnoooggpprssssttttuuuvyyzzzzzz2ss?w" /* 0180 */
    "....?????????aaiioouuuuuuuuuueaaaa??ggggkkoooozzj???gg?wnnaa??oo" /* 01C0 */
    "aaaaeeeeiiiioooorrrruuuussttgghhnd??zzaaeeooooooooyylntj??acclts" /* 0200 */
    "zqqbuveejjqqrryy";                                                /* 0240 */

/* U+1E00..U+1EFF: Latin Extended Additional. */
static const char latin_more[] =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"  /* 1E00 */
    "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"  /* 1E40 */
    "wwwwwwwwwwxxxxyyzzzzzzhtwyasss?daaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"  /* 1E80 */
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy??vvyy"; /* 1EC0 */

/* U+0430..U+045F, lower case; the capitals are brought here first. */
static const char cyrillic[] = "abvgde?ziyklmnoprstufh????ayye??eedgeziij??ckiu?";

static const struct {
    uint16_t point;
    char text[4];
} pairs[] = {
    {0x00c6, "ae"},  {0x00de, "th"}, {0x00df, "ss"}, {0x00e6, "ae"}, {0x00fe, "th"}, {0x0132, "ij"},
    {0x0133, "ij"},  {0x0152, "oe"}, {0x0153, "oe"}, {0x0195, "hv"}, {0x01be, "ts"}, {0x01c4, "dz"},
    {0x01c5, "dz"},  {0x01c6, "dz"}, {0x01c7, "lj"}, {0x01c8, "lj"}, {0x01c9, "lj"}, {0x01ca, "nj"},
    {0x01cb, "nj"},  {0x01cc, "nj"}, {0x01e2, "ae"}, {0x01e3, "ae"}, {0x01f1, "dz"}, {0x01f2, "dz"},
    {0x01f3, "dz"},  {0x01f6, "hv"}, {0x01fc, "ae"}, {0x01fd, "ae"}, {0x0222, "ou"}, {0x0223, "ou"},
    {0x0238, "db"},  {0x0239, "qp"}, {0x0436, "zh"}, {0x0446, "ts"}, {0x0447, "ch"}, {0x0448, "sh"},
    {0x0449, "sht"}, {0x044e, "yu"}, {0x044f, "ya"}, {0x0459, "lj"}, {0x045a, "nj"}, {0x045f, "dz"},
    {0x1e9e, "ss"},  {0x1efa, "ll"}, {0x1efb, "ll"},
};

uint32_t text_decode(const char *in, size_t len, size_t *used)
{
    const unsigned char *s = (const unsigned char *)in;
    *used = 1;
    if (s[0] < 0x80)
        return s[0];
    size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || need > len)
        return 0xfffd;
    uint32_t point = s[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0xfffd;
        point = point << 6 | (s[i] & 0x3fu);
    }
    bool overlong = (need == 3 && point < 0x800) || (need == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0xfffd;
    *used = need;
    return point;
}

size_t text_encode(uint32_t point, char out[static 4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)((0xf00u >> n & 0xf0) | point);
    return n;
}

bool text_valid(const char *in, size_t len)
{
    for (size_t at = 0, used; at < len; at += used) {
        uint32_t point = text_decode(in + at, len - at, &used);
        if (point == 0 || (point == 0xfffd && used == 1))
            return false;
    }
    return true;
}

bool text_printable(const char *in, size_t len, bool lines)
{
    for (size_t at = 0, used; at < len; at += used) {
        uint32_t point = text_decode(in + at, len - at, &used);
        if (lines && (point == '\n' || point == '\t'))
            continue;
        if (point < 0x20 || (point >= 0x7f && point < 0xa0))
            return false;
        /* Marks that turn the reading direction around could make a text read as another one. */
        if ((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069))
            return false;
    }
    return true;
}

/* Characters that vanish: combining marks, soft hyphen, zero-width ones, Arabic vowel signs. */
static bool vanishes(uint32_t p)
{
    return (p >= 0x300 && p <= 0x36f) || p == 0xad || (p >= 0x200b && p <= 0x200f) || p == 0x2060 ||
           p == 0xfeff || (p >= 0x64b && p <= 0x65f) || p == 0x640 || (p >= 0xfe00 && p <= 0xfe0f);
}

static bool separates(uint32_t p)
{
    return p < 0xaa || p == 0xab || p == 0xac || (p > 0xad && p < 0xb2) || (p > 0xb3 && p < 0xb9) ||
           p == 0xbb || (p > 0xbb && p < 0xc0) || p == 0xd7 || p == 0xf7 ||
           (p >= 0x2b0 && p < 0x300) || (p >= 0x2000 && p < 0x2070) ||
           (p >= 0x20a0 && p < 0x20d0) || (p >= 0x2190 && p < 0x2c00) ||
           (p >= 0x3000 && p < 0x3040) || p == 0x60c || p == 0x61b || p == 0x61f || p == 0x66d ||
           p == 0x6d4 || p >= 0xe000;
}

static uint32_t lower_cyrillic(uint32_t p)
{
    if (p >= 0x410 && p <= 0x42f)
        return p + 0x20;
    if (p >= 0x400 && p <= 0x40f)
        return p + 0x50;
    return p == 0x490 ? 0x491 : p;
}

/* Writes the folded letters of one code point to out[0..4); their number, or 0 for "a separator". */
static size_t fold_point(uint32_t p, char out[static 4])
{
    char letter = '.';
    if (p < 0x80) {
        out[0] = (char)(p >= 'A' && p <= 'Z' ? p + 32 : p);
        return (p >= '0' && p <= '9') || (out[0] >= 'a' && out[0] <= 'z');
    }
    if (separates(p))
        return 0;
    p = lower_cyrillic(p);
    if (p >= 0xc0 && p <= 0x24f)
        letter = latin[p - 0xc0];
    else if (p >= 0x1e00 && p <= 0x1eff)
        letter = latin_more[p - 0x1e00];
    else if (p >= 0x430 && p <= 0x45f)
        letter = cyrillic[p - 0x430];
    else if (p == 0x491)
        letter = 'g';
    else if (p == 0xaa || p == 0xba)
        letter = p == 0xaa ? 'a' : 'o';
    else if (p == 0xb2 || p == 0xb3 || p == 0xb9)
        letter = p == 0xb9 ? '1' : (char)('2' + (p - 0xb2));
    if (letter == '.')
        return text_encode(p, out);
    for (size_t i = 0; letter == '?' && i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i].point == p) {
            memcpy(out, pairs[i].text, 4);
            return strlen(pairs[i].text);
        }
    }
    out[0] = letter;
    return 1;
}

/* The output of a fold: counts everything, writes what fits, whole characters only. */
struct sink {
    char *out;
    size_t max, written, total;
};

static void put(struct sink *sink, const char *letters, size_t n)
{
    if (sink->total == sink->written && sink->written + n < sink->max) {
        memcpy(sink->out + sink->written, letters, n);
        sink->written += n;
    }
    sink->total += n;
}

size_t text_fold(char *out, size_t out_max, const char *in, size_t in_len)
{
    struct sink sink = {.out = out, .max = out_max};
    bool gap = false;
    uint32_t before = 0;
    for (size_t at = 0, used; at < in_len; at += used) {
        uint32_t point = text_decode(in + at, in_len - at, &used);
        char letters[4];
        if (vanishes(point))
            continue;
        size_t n = fold_point(point, letters);
        /* The Bulgarian law writes -ия as -ia: Мария is Maria in every passport. */
        if ((point == 0x44f || point == 0x42f) && (before == 0x438 || before == 0x418)) {
            letters[0] = 'a';
            n = 1;
        }
        before = point;
        if (n == 0) {
            gap = true;
            continue;
        }
        if (gap && sink.total > 0)
            put(&sink, " ", 1);
        gap = false;
        put(&sink, letters, n);
    }
    if (out_max > 0)
        out[sink.written] = '\0';
    return sink.total;
}

#define WORDS_MAX 8

struct words {
    char text[TEXT_NAME_MAX];
    char *list[WORDS_MAX]; /* sorted */
    size_t n;
};

static void split(struct words *words, const char *folded)
{
    words->n = 0;
    strcpy(words->text, folded);
    for (char *at = words->text; *at && words->n < WORDS_MAX;) {
        char *end = strchr(at, ' ');
        if (end)
            *end = '\0';
        size_t i = words->n++;
        for (; i > 0 && strcmp(words->list[i - 1], at) > 0; i--)
            words->list[i] = words->list[i - 1];
        words->list[i] = at;
        at = end ? end + 1 : at + strlen(at);
    }
}

/* How many words of a stand in b, each used once; both lists are sorted. */
static size_t common_words(const struct words *a, const struct words *b)
{
    size_t n = 0;
    for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
        int order = strcmp(a->list[i], b->list[j]);
        n += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

/* What a name sounds like, coarsely: y and j as i, w as v, ph as f, double letters once. */
static void skeleton(char *name)
{
    char *to = name;
    for (const char *at = name; *at; at++) {
        char c = *at;
        if (c == 'y' || c == 'j')
            c = 'i';
        else if (c == 'w')
            c = 'v';
        else if (c == 'p' && at[1] == 'h') {
            c = 'f';
            at++;
        }
        if (to == name || to[-1] != c)
            *to++ = c;
    }
    *to = '\0';
}

/* Whether one insertion, deletion, replacement or swap of neighbours makes a into b. */
static bool one_letter_apart(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    size_t i = 0;
    while (a[i] && a[i] == b[i])
        i++;
    if (a_len == b_len) {
        bool swapped = a[i] && a[i + 1] && a[i] == b[i + 1] && a[i + 1] == b[i];
        return strcmp(a + i + 1, b + i + 1) == 0 || (swapped && strcmp(a + i + 2, b + i + 2) == 0);
    }
    if (a_len + 1 == b_len)
        return strcmp(a + i, b + i + 1) == 0;
    return b_len + 1 == a_len && strcmp(a + i + 1, b + i) == 0;
}

enum text_likeness text_similar(const char *a, const char *b)
{
    char fa[TEXT_NAME_MAX], fb[TEXT_NAME_MAX];
    text_fold(fa, sizeof fa, a, strlen(a));
    text_fold(fb, sizeof fb, b, strlen(b));
    if (!*fa || !*fb)
        return TEXT_DIFFERENT;
    if (strcmp(fa, fb) == 0)
        return TEXT_SAME;

    struct words wa, wb;
    split(&wa, fa);
    split(&wb, fb);
    size_t common = common_words(&wa, &wb);
    if (common == wa.n && common == wb.n)
        return TEXT_SWAPPED;

    skeleton(fa);
    skeleton(fb);
    bool long_enough = strlen(fa) >= 5 && strlen(fb) >= 5;
    if (strcmp(fa, fb) == 0 || (long_enough && one_letter_apart(fa, fb)))
        return TEXT_CLOSE;
    return common == wa.n || common == wb.n ? TEXT_PART : TEXT_DIFFERENT;
}
