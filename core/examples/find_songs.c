/* find_songs MODEL FILE.wav [--live] [--frames]: print the songs of a WAV file, 16 kHz, mono, 16 bits.
 *
 *     cc -O2 -I. -o find_songs examples/find_songs.c -L. -ledge_songs -Wl,-rpath,'$ORIGIN'
 *
 * The songs are written as JSON, one a line: as they end with --live, else at the end. --frames writes the confidences of
 * every frame of 0.1 s before. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge_songs.h"

static int fail(const char *what, const char *which) {
    fprintf(stderr, "find_songs: %s: %s\n", which, what);
    return 3;
}

/* The whole file, at an address that is a multiple of 16, as malloc gives. */
static void *read_file(const char *path, int64_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    void *bytes = *size > 0 ? malloc((size_t)*size) : NULL;
    if (bytes && fread(bytes, 1, (size_t)*size, file) != (size_t)*size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

static void print_songs(edge_songs *songs) {
    edge_song song;
    while (edge_songs_take(songs, &song, 1) == 1)
        printf("{\"start\": %.3f, \"end\": %.3f, \"prelude\": %.3f, \"postlude\": %.3f, \"confidence\": %.4f}\n", song.start, song.end,
               song.prelude, song.postlude, song.confidence);
    fflush(stdout);
}

static void print_frames(const edge_songs *songs) {
    float frames[64][4];
    int64_t first = 0, count;
    while ((count = edge_songs_frames(songs, &first, frames[0], 64)) > 0) {
        for (int64_t i = 0; i < count; i++) printf("%.9g %.9g %.9g %.9g\n", frames[i][0], frames[i][1], frames[i][2], frames[i][3]);
        first += count;
    }
}

int main(int count, char **arguments) {
    if (count < 3) return fprintf(stderr, "usage: find_songs MODEL FILE.wav [--live] [--frames]\n"), 2;
    int live = 0, frames = 0;
    for (int i = 3; i < count; i++) {
        live |= !strcmp(arguments[i], "--live");
        frames |= !strcmp(arguments[i], "--frames");
    }
    int64_t model_size, wav_size;
    void *model = read_file(arguments[1], &model_size);
    uint8_t *wav = read_file(arguments[2], &wav_size);
    if (!model) return fail("cannot be read", arguments[1]);
    if (!wav || wav_size < 44 || memcmp(wav, "RIFF", 4) || memcmp(wav + 36, "data", 4) || wav[22] != 1 || wav[34] != 16)
        return fail("is not a plain WAV file, mono, 16 bits", arguments[2]);
    int64_t samples = (wav_size - 44) / 2;

    edge_song_options options = edge_song_defaults();
    options.live = live;
    if (!live && (double)samples / 16000 > options.max_seconds) options.max_seconds = (double)samples / 16000;
    int64_t size = edge_songs_size(model, model_size, &options);
    if (size < 0) return fail("is not a model of this library, or damaged", arguments[1]);
    edge_songs *songs;
    if (edge_songs_open(model, model_size, &options, malloc((size_t)size), size, &songs)) return fail("cannot be opened", arguments[1]);

    float block[1600];
    for (int64_t first = 0; first < samples; first += 1600) {
        int64_t here = samples - first < 1600 ? samples - first : 1600;
        for (int64_t i = 0; i < here; i++) {
            const uint8_t *at = wav + 44 + 2 * (first + i);
            block[i] = (float)(int16_t)(at[0] | at[1] << 8) / 32768.0f;
        }
        if (edge_songs_accept(songs, block, here)) return fail("cannot be labeled", arguments[2]);
        if (live) print_songs(songs);
    }
    edge_songs_finish(songs);
    if (frames) print_frames(songs);
    print_songs(songs);
    return 0;
}
