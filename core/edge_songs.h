/* edge_songs.h: find the songs in audio, for C and for every language that calls C.
 *
 * Samples in, labels and songs out: the segmenter and the rules of `edge songs` and `edge listen` in one library
 * that needs nothing. It links to no other, opens no file and allocates nothing: the caller hands over the model,
 * whose bytes stay where they are, and one piece of memory for everything else. An instance is used by one thread
 * at a time; instances are independent and may share a model.
 *
 *     edge_song_options options = edge_song_defaults();
 *     int64_t size = edge_songs_size(model, model_size, &options);
 *     if (size < 0) ...                                            what is wrong: -size
 *     edge_songs *songs;
 *     int32_t status = edge_songs_open(model, model_size, &options, malloc(size), size, &songs);
 *     while (...) edge_songs_accept(songs, samples, count);        16 kHz, one channel, -1..1, any count
 *     edge_songs_finish(songs);
 *     while (edge_songs_take(songs, &song, 1) == 1) ...
 *
 * Functions that return int32_t return a status, EDGE_SONGS_OK or what was wrong; then nothing has changed.
 * Functions that return int64_t return a count, or minus a status. Times are seconds from the first sample.
 */
#ifndef EDGE_SONGS_H
#define EDGE_SONGS_H

#include <stdint.h>

#define EDGE_SONGS_OK 0
#define EDGE_SONGS_NULL 1    /* a pointer is NULL */
#define EDGE_SONGS_SIZE 2    /* a count is negative, or there is less memory than edge_songs_size says */
#define EDGE_SONGS_OPTION 3  /* an option is outside its range */
#define EDGE_SONGS_MODEL 4   /* not a model of this version, or its bytes have changed */
#define EDGE_SONGS_ALIGN 5   /* the model or the memory does not begin at a multiple of 16 bytes */
#define EDGE_SONGS_FULL 6    /* more audio than `max_seconds`; what was accepted so far can be finished */
#define EDGE_SONGS_STATE 7   /* after edge_songs_finish nothing can be accepted */
#define EDGE_SONGS_SAMPLES 8 /* a sample is NaN, infinite or beyond +-1e6; the others of the call are not read */

#define EDGE_SINGING 0 /* columns of confidences */
#define EDGE_SPEAKING 1
#define EDGE_MUSIC 2
#define EDGE_OTHER 3

#if defined(__GNUC__)
#define EDGE_SONGS_API __attribute__((visibility("default")))
#else
#define EDGE_SONGS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct edge_songs edge_songs;

/* The options of `edge songs`, with the same defaults; docs/cli.md says more of each. */
typedef struct {
    double segment_s;       /* length of a segment: 3; a multiple of 0.1 from 0.1 to 60 */
    int64_t min_run;        /* singing segments that make a song: 2 */
    double speech_margin;   /* an end segment is uncertain if p(singing) - p(speaking) is at most this: 0.6 */
    double other_margin;    /* ... and p(singing) - p(other) at most this: 0.6 */
    double refine_step_s;   /* distance of the joints tried in an uncertain segment: 1; a multiple of 0.1 */
    int32_t edge_is_other;  /* music at the recording's edge belongs to the song beside it: 1 */
    double max_interlude_s; /* longest music inside a song: 15 */
    double max_rest_s;      /* longest near silence inside a song: 7 */
    double max_gap_s;       /* longest talk and other sounds inside a song: 5 */
    double rest_below_db;   /* near silence is this far below the median level of the singing: 25 */
    int32_t refine_on_frames; /* move boundaries to the likeliest frame within a segment: 1 */
    int32_t live;           /* 0: songs are known after edge_songs_finish, as of a file; at most max_seconds of audio.
                               1: each is known as soon as nothing that follows can change it, about 27 s after its
                               end; audio without end, of which three quarters of max_seconds at least are remembered: 0 */
    double max_seconds;     /* memory for this much audio: 1800, which takes 5 MB; at most a day */
} edge_song_options;

typedef struct {
    double start;
    double end;
    double prelude;   /* seconds of music before the singing */
    double postlude;  /* seconds of music after the singing */
    double confidence; /* mean confidence of singing over the song's singing segments, 0 to 1 */
} edge_song;

/* The options that `edge songs` has. */
EDGE_SONGS_API edge_song_options edge_song_defaults(void);

/* Bytes of memory that an instance takes. Checks the model, byte for byte, and the options. */
EDGE_SONGS_API int64_t edge_songs_size(const void *model, int64_t model_size, const edge_song_options *options);

/* Begin a recording in `memory`, after comparing the model with its SHA-256. The memory stays the caller's and is free to
 * be used again when it is done with `songs`; so does the model, which is read all along. */
EDGE_SONGS_API int32_t edge_songs_open(const void *model, int64_t model_size, const edge_song_options *options,
                                       void *memory, int64_t size, edge_songs **songs);

/* Label the next samples, float in -1..1 at 16 kHz. Labels are 2 to 4 s behind the audio. */
EDGE_SONGS_API int32_t edge_songs_accept(edge_songs *songs, const float *samples, int64_t count);

/* Label what is left, at the end of the audio. */
EDGE_SONGS_API int32_t edge_songs_finish(edge_songs *songs);

/* Hand over songs that are known, at most `room`, each once and in order; returns how many. */
EDGE_SONGS_API int64_t edge_songs_take(edge_songs *songs, edge_song *out, int64_t room);

/* Copy confidences [count][4] of frames of 0.1 s, from frame *first on; returns how many, at most `room`. With `live`
 * *first becomes the first frame that is remembered, if it was an earlier one. */
EDGE_SONGS_API int64_t edge_songs_frames(const edge_songs *songs, int64_t *first, float *out, int64_t room);

/* The same for the confidences of segments. They are known after edge_songs_finish; with `live` as the segments are
 * complete, but may then change with what follows. */
EDGE_SONGS_API int64_t edge_songs_segments(const edge_songs *songs, int64_t *first, float *out, int64_t room);

/* The dot products that this processor computes with: "avx512-vnni", "avx2", "dotprod" or "neon". */
EDGE_SONGS_API const char *edge_songs_arithmetic(void);

#ifdef __cplusplus
}
#endif
#endif
