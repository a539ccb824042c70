/* misuse SEED MODEL...: each model is opened, fed noise in odd blocks, asked in every order; prints what became of it.
 * To be compiled with sanitizers, which end it at the first access outside its memory. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge_songs.h"

static uint32_t state;

static uint32_t next(uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(state >> 8) * below >> 24);
}

static void check(int right, const char *what) {
    if (!right) fprintf(stderr, "misuse: %s\n", what), abort();
}

static int64_t ask(edge_songs *songs) {
    float rows[7][4];
    edge_song song[2];
    int64_t first = next(200), found = edge_songs_take(songs, song, next(3));
    check(edge_songs_frames(songs, &first, rows[0], next(8)) >= 0, "frames");
    first = next(20);
    check(edge_songs_segments(songs, &first, rows[0], next(8)) >= 0, "segments");
    for (int64_t i = 0; i < found; i++) check(song[i].start < song[i].end, "a song without length");
    return found;
}

static int run(const void *model, int64_t size) {
    edge_song_options options = edge_song_defaults();
    options.live = (int32_t)next(2);
    options.segment_s = 0.1 * (1 + next(40));
    options.refine_step_s = 0.1 * (1 + next(20));
    options.min_run = 1 + next(3);
    options.speech_margin = options.other_margin = next(2) ? 0.6 : 2.0;
    options.max_seconds = 4 + next(60);
    int64_t needed = edge_songs_size(model, size, &options);
    if (needed < 0) return (int)-needed;
    check(needed < 1 << 30, "size");
    void *memory = aligned_alloc(16, (size_t)needed); /* exactly as much as was asked for */
    memset(memory, 0xa5, (size_t)needed);
    edge_songs *songs;
    check(edge_songs_open(model, size, &options, memory, needed - 1, &songs) == EDGE_SONGS_SIZE, "less memory");
    int status = edge_songs_open(model, size, &options, memory, needed, &songs);
    if (!status) {
        float *noise = malloc(sizeof(float) * 40000);
        for (int block = 0; block < 12; block++) {
            int64_t count = next(40000);
            float level = next(4) ? 0.3f : 1e-5f;
            for (int64_t i = 0; i < count; i++) noise[i] = level * ((float)next(2001) / 1000.0f - 1.0f);
            int32_t accepted = edge_songs_accept(songs, noise, count);
            check(accepted == EDGE_SONGS_OK || accepted == EDGE_SONGS_FULL, "accept");
            ask(songs);
        }
        check(edge_songs_finish(songs) == EDGE_SONGS_OK, "finish");
        while (ask(songs) > 0) continue;
        check(edge_songs_finish(songs) == EDGE_SONGS_STATE, "finish twice");
        free(noise);
    }
    free(memory);
    return status;
}

static void nothing_given(const void *model, int64_t size) {
    edge_song_options options = edge_song_defaults();
    edge_songs *songs;
    check(edge_songs_size(NULL, size, &options) == -EDGE_SONGS_NULL, "no model");
    check(edge_songs_size(model, size, NULL) == -EDGE_SONGS_NULL, "no options");
    check(edge_songs_size((const char *)model + 1, size - 1, &options) == -EDGE_SONGS_ALIGN, "alignment");
    check(edge_songs_open(model, size, &options, NULL, 0, &songs) == EDGE_SONGS_NULL, "no memory");
    check(edge_songs_accept(NULL, NULL, 0) == EDGE_SONGS_NULL && edge_songs_finish(NULL) == EDGE_SONGS_NULL, "no songs");
    check(edge_songs_take(NULL, NULL, 0) == -EDGE_SONGS_NULL && edge_songs_frames(NULL, NULL, NULL, 0) == -EDGE_SONGS_NULL, "no room");
    for (int64_t i = 0; i < 9; i++) { /* every option, one after the other, beyond what it may be */
        double *of[] = {&options.segment_s, &options.speech_margin, &options.other_margin, &options.refine_step_s,
                        &options.max_interlude_s, &options.max_rest_s, &options.max_gap_s, &options.rest_below_db, &options.max_seconds};
        const double wrong[] = {-11.0, 1e9, nan("")};
        for (int64_t w = 0; w < 3; w++) {
            options = edge_song_defaults();
            *of[i] = wrong[w];
            check(edge_songs_size(model, size, &options) == -EDGE_SONGS_OPTION, "a wrong option");
        }
    }
}

int main(int count, char **arguments) {
    for (int i = 2; i < count; i++) {
        FILE *file = fopen(arguments[i], "rb");
        fseek(file, 0, SEEK_END);
        int64_t size = ftell(file);
        rewind(file);
        void *model = aligned_alloc(16, (size_t)(size + 15) / 16 * 16);
        check(fread(model, 1, (size_t)size, file) == (size_t)size, "read");
        fclose(file);
        state = (uint32_t)atoi(arguments[1]) + 7919u * (uint32_t)i;
        if (i == 2) nothing_given(model, size);
        printf("%d\n", run(model, size));
        fflush(stdout);
        free(model);
    }
    return 0;
}
