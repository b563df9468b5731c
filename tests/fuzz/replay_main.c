/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for libFuzzer in plain builds: runs a fuzz target over its corpus.
 *
 *   fuzz_NAME [FOLDER]...
 *
 * Every file of the folders is given to the target as it is, then cut short at
 * every length and with every single byte changed in a few ways (at most
 * MUTATIONS_MAX inputs per file, evenly spread). Besides, the empty input and
 * every one-byte input. The inputs are the same on each run; a fault is found by
 * the target's asserts and by the sanitizers.
 */
#include <assert.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX     ((size_t)1 << 20)
#define MUTATIONS_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static unsigned long inputs;

/* The copy has exactly `len` bytes, so that the address sanitizer sees an overrun. */
static void run(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    assert(copy);
    if (len > 0)
        memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    inputs++;
    free(copy);
}

static void run_mutations(uint8_t *data, size_t len)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    size_t step = len * (1 + sizeof masks) / MUTATIONS_MAX + 1;

    for (size_t i = 0; i < len; i += step) {
        run(data, i);
        for (size_t m = 0; m < sizeof masks; m++) {
            data[i] ^= masks[m];
            run(data, len);
            data[i] ^= masks[m];
        }
    }
}

static void run_file(const char *path)
{
    uint8_t *data = malloc(INPUT_MAX);
    FILE *file = fopen(path, "rb");

    assert(data);
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t len = fread(data, 1, INPUT_MAX, file);
    fclose(file);
    run(data, len);
    run_mutations(data, len);
    free(data);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    char **paths = NULL;
    size_t count = 0;

    if (!dir) {
        fprintf(stderr, "%s: no corpus yet\n", folder);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        size_t size = strlen(folder) + strlen(entry->d_name) + 2;
        paths = realloc(paths, (count + 1) * sizeof *paths);
        assert(paths);
        paths[count] = malloc(size);
        assert(paths[count]);
        snprintf(paths[count++], size, "%s/%s", folder, entry->d_name);
    }
    closedir(dir);
    if (count > 0)
        qsort(paths, count, sizeof *paths, compare_names);
    for (size_t i = 0; i < count; i++) {
        run_file(paths[i]);
        free(paths[i]);
    }
    free(paths);
}

int main(int argc, char **argv)
{
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    run(NULL, 0);
    for (unsigned byte = 0; byte < 256; byte++)
        run(&(uint8_t){(uint8_t)byte}, 1);
    for (int i = 1; i < argc; i++)
        run_folder(argv[i]);
    printf("%lu inputs\n", inputs);
    return 0;
}
