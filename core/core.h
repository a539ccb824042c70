/* What the files of the core share; edge_songs.h is for those who call it. */
#ifndef EDGE_CORE_H
#define EDGE_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "edge_kernels.h"
#include "edge_songs.h"

#define LABELS 4
#define MOST_CHANNELS 512   /* of a layer */
#define BLOCK_FRAMES 128 /* mel frames per run of the encoder */
#define LANES 16         /* output channels of a block of weights */
#define TOWERS 2
#define IMAGE_LAYERS 5   /* convolutions, of which the last one, the projection, sees one position a frame */
#define TIME_BLOCKS 4    /* depthwise, pointwise, sum with what went in */
#define HIDDEN 48        /* of the LSTM */
#define GATES (4 * HIDDEN)
#define STEPS 176        /* segments of a run of the fusion, of which 24 at each side are context */
#define STEP_CONTEXT 24

/* ---- memory: the one piece of the caller's, cut up once; with base NULL only measured ---- */

typedef struct {
    char *base;
    int64_t used;
} arena;

static inline void *take(arena *a, int64_t bytes) {
    void *taken = a->base ? a->base + a->used : NULL;
    a->used += (bytes + 63) & ~(int64_t)63;
    return taken;
}

/* ---- arithmetic that must not depend on a libm ---- */

static inline double round_even(double x) { return (x + 6755399441055744.0) - 6755399441055744.0; }
static inline float round_even_f(float x) { return (x + 12582912.0f) - 12582912.0f; } /* below 2^22 */
float exp_f(float x);
float log_f(float x);
uint16_t to_half(float x);
float from_half(uint16_t h);

/* Returns ln of the sum of exp x in *log_sum. */
void softmax(const float *x, float *out, float *log_sum);

static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }
static inline int64_t least_i(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most_i(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- quantized values: (byte - zero) * scale ---- */

typedef struct {
    float scale, zero;
} range;

static inline float held(float x, float low, float high) { /* low for NaN */
    x = x > low ? x : low;
    return x < high ? x : high;
}

static inline uint8_t quantized(float x, range r) { return (uint8_t)(int32_t)held(round_even_f(x / r.scale) + r.zero, 0.0f, 255.0f); }

/* ---- model: views of the bytes that tools/bundle writes ---- */

typedef struct { /* a convolution over time and, of an image, over frequency */
    int32_t taps, step, dilation; /* rows over time, rows between outputs, rows between taps */
    int32_t bands, band_step, band_taps; /* positions of an input row; 1 for all but images */
    int32_t channels_in, channels_out;
    int32_t depthwise;
    int32_t quads; /* groups of four input bytes per tap, the last one filled up with weights of 0 */
    int32_t zero_in; /* the byte that means 0, with which edges are padded */
    int32_t offset_weights, offset_bias, offset_scales, offset_zeros; /* from the model's begin */
} layer;

typedef struct { /* a sum of two quantized rows: round(a * of_a + b * of_b + rest) */
    float of_a, of_b, rest;
} sum;

typedef struct { /* of a row's channels: quantized values to floats, to the quantization of both towers, to floats */
    float scale, zero, shared_scale, shared_zero;
} output;

typedef struct {
    layer image[IMAGE_LAYERS];
    layer depthwise[TIME_BLOCKS], pointwise[TIME_BLOCKS];
    sum sums[TIME_BLOCKS];
    layer heads; /* logits, attention, embedding */
    output logits, attention, embedding;
} tower;

typedef struct { /* weights as those of a layer with one tap, their sums, a scale and a bias for each output */
    int32_t offset_weights, offset_sums, offset_scales, offset_bias;
} matrix;

typedef struct {
    edge_mel_options mel;
    float input_scale, input_zero;
    float temperature;
    int32_t stride, features; /* mel frames per frame; values of the embedding of a tower */
    tower towers[TOWERS];
    matrix gates[2], recurrent[2]; /* forward and backward; input, output, forget, cell */
    matrix alone, context;
    float fusion_temperature;
} model;

/* The content of a model file, or NULL if it is none, of another version or, with `every_byte`, damaged. */
const model *read_model(const void *bytes, int64_t size, int every_byte);

static inline const void *part(const model *m, int32_t offset) { return (const char *)m + offset; }

/* ---- encoder: mel frames to frames of 0.1 s, incrementally ---- */

typedef void dot_tile(const uint8_t *const *rows, int64_t pitch, int64_t taps, int64_t quads, const int8_t *weights,
                      int64_t blocks, int32_t *sums);

typedef struct {
    const char *name;
    dot_tile *tile;
    int bias; /* which of a layer's two biases: 0, or 1 if bytes are multiplied as signed, 128 less */
} arithmetic;

arithmetic best_arithmetic(void);

typedef struct { /* rows of bytes that wait for the layer that reads them */
    const layer *of;
    uint8_t *rows;
    int64_t count, room, pitch, pad; /* pad: bytes before the first position */
} queue;

typedef struct {
    const tower *of;
    queue image[IMAGE_LAYERS], time[TIME_BLOCKS], heads;
    uint8_t *body, *branch; /* of a block: rows after the depthwise and the pointwise convolution */
    uint8_t *out;           /* [frames][channels of heads] */
    int64_t ready;          /* frames in `out` */
} tower_state;

typedef struct {
    const model *of;
    arithmetic dots;
    tower_state towers[TOWERS];
} encoder;

void open_encoder(encoder *e, const model *m, arena *a);
/* Returns the number of frames that are now in `out` of both towers. At the `end` the last rows are padded. */
int64_t encode(encoder *e, const float *mel, int64_t frames, int end);

/* ---- fusion: windows of frames to confidences of segments ---- */

typedef struct {
    const model *of;
    arithmetic dots;
    uint8_t *quantized; /* [STEPS][2 * features] */
    float *hidden, *cell, *outputs;
} fusion;

#define WINDOW(m) (TOWERS * (m)->features + LABELS) /* values of a window */

void open_fusion(fusion *f, const model *m, int64_t sequences, arena *a);
/* Confidences [count][4] of consecutive windows, each `distance` values after the one before. Those of the first
 * `known` are there of fewer windows: what nothing that follows can change is kept. */
void fuse(fusion *f, const uint16_t *windows, int64_t distance, int64_t count, int64_t known, float *out);
/* Confidences [sequences][steps][4] of sequences of windows, given in that order. */
void fuse_sequences(fusion *f, const uint16_t *const *windows, int64_t sequences, int64_t steps, float *out);

/* ---- rules: labels to songs ---- */

typedef struct { /* what the rules read, as `LabelTrack` of the Python package */
    double duration_s, frame_s, segment_s, step_s;
    int64_t frame_count, segment_count, per_segment, offsets;
    const float *frames, *levels_db, *segments;
    const uint16_t *windows; /* [segments][offsets][WINDOW] */
    int64_t window;          /* values of a window */
} track;

typedef struct {
    int32_t *labels;
    float *quiet, *weights, *sorted, *inside, *pairs, *former, *latter;
    int64_t *sung, *whole;
    double *singing; /* start and end of the singing of each run */
    const uint16_t **windows; /* before and after each joint that is tried */
    edge_song *songs;
} rules;

void open_rules(rules *r, int64_t segments, int64_t per_segment, int64_t offsets, arena *a);
/* Songs in order, disjoint and inside the recording, in r->songs; returns how many. */
int64_t detect_songs(rules *r, const track *t, fusion *f, const edge_song_options *options);

#endif
