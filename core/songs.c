/* The recording: samples to mel frames to frames of 0.1 s to windows of segments, and the songs in them. */

#include "core.h"

#define LOWEST_POWER 1e-12f /* -120 dB, digital silence */
#define DAY_S 86400.0
#define MOST_FRAMES 600                             /* of a segment */
#define LAG 256                                     /* frames by which labels are behind levels, at most */
#define WAITING(m) (TOWERS * ((m)->features + 1))   /* floats of a frame that waits */

struct edge_songs {
    const model *of;
    edge_song_options options;
    double frame_s;
    int64_t per_segment, per_step, offsets, window; /* frames and windows of a segment, values of a window */
    int64_t capacity;                               /* segments */
    int finished;

    float *plan, *scratch, *samples, *mel; /* samples not yet transformed, with the zeros before the first one */
    int64_t held, accepted, mel_frames, level_count;
    float level_power;
    encoder encoder;

    int64_t first;                      /* segment whose values are the first in the arrays */
    int64_t frame_count, level_frames;  /* frames in `frames` and `levels_db` */
    int64_t window_segments, known;     /* segments in `windows`, and of them in `segments` */
    float *frames, *levels_db, *segments;
    uint16_t *windows;
    float *waiting; /* frames whose windows are not all pooled: embeddings of the towers, then their attention */
    int64_t waiting_count;

    fusion fusion;
    rules rules;
    edge_song *songs; /* known, not yet taken */
    int64_t song_count, song_room;
};

edge_song_options edge_song_defaults(void) {
    return (edge_song_options){
        .segment_s = 3.0, .min_run = 2, .speech_margin = 0.6, .other_margin = 0.6, .refine_step_s = 1.0, .edge_is_other = 1,
        .max_interlude_s = 15.0, .max_rest_s = 7.0, .max_gap_s = 5.0, .rest_below_db = 25.0, .refine_on_frames = 1,
        .live = 0, .max_seconds = 1800.0,
    };
}

const char *edge_songs_arithmetic(void) { return best_arithmetic().name; }

/* ---- options ---- */

static int within(double x, double low, double high) { return x >= low && x <= high; } /* false for NaN */

static int64_t multiple(double seconds, double frame_s) { /* frames, or 0 if it is no multiple */
    double frames = round_even(seconds / frame_s), off = frames * frame_s - seconds;
    return frames >= 1 && off <= 1e-9 && off >= -1e-9 ? (int64_t)frames : 0;
}

static int valid(const edge_song_options *o) {
    return within(o->segment_s, 0.1, 60.0) && within(o->refine_step_s, 0.1, 1e6) && o->min_run >= 1 && o->min_run <= 1 << 20 &&
           within(o->speech_margin, -10.0, 10.0) && within(o->other_margin, -10.0, 10.0) && within(o->max_interlude_s, 0.0, DAY_S) &&
           within(o->max_rest_s, 0.0, DAY_S) && within(o->max_gap_s, 0.0, DAY_S) && within(o->rest_below_db, 0.0, 1e3) &&
           within(o->max_seconds, o->segment_s, DAY_S);
}

/* ---- memory ---- */

/* Floats, at least edge_mel_scratch_size of a plan that there is not yet. */
static int64_t mel_scratch(const edge_mel_options *o) {
    const int64_t width = 16;
    return o->hop * (o->window / o->hop + 2 * width + 1) + (3 * (int64_t)o->n_fft / 2 + 1 + o->n_mels) * width + 64;
}

/* Lays an instance out; of `a` without a base only the size is of use. Returns a status. */
static int32_t lay_out(const void *bytes, int64_t size, const edge_song_options *options, arena *a, edge_songs **made) {
    if (!bytes || !options) return EDGE_SONGS_NULL;
    if ((uintptr_t)bytes % 16) return EDGE_SONGS_ALIGN;
    const model *m = read_model(bytes, size, a->base == NULL); /* measured first, and then laid out */
    if (!m) return EDGE_SONGS_MODEL;
    edge_songs unplaced, *s = take(a, sizeof *s);
    if (!s) s = &unplaced;
    __builtin_memset(s, 0, sizeof *s);
    s->of = m;
    s->options = *options;
    s->frame_s = (double)m->stride * m->mel.hop / (double)m->mel.rate_hz;
    if (!valid(options)) return EDGE_SONGS_OPTION;
    s->per_segment = multiple(options->segment_s, s->frame_s);
    s->per_step = multiple(options->refine_step_s, s->frame_s);
    if (!s->per_segment || s->per_segment > MOST_FRAMES || !s->per_step) return EDGE_SONGS_OPTION;
    s->offsets = (s->per_segment + s->per_step - 1) / s->per_step;
    s->window = WINDOW(m);
    s->capacity = (int64_t)(options->max_seconds / options->segment_s) + 2;
    int64_t frames = s->capacity * s->per_segment;

    s->plan = take(a, edge_mel_plan_size(&m->mel) * 4);
    if (a->base) edge_mel_plan(&m->mel, s->plan);
    s->samples = take(a, ((int64_t)BLOCK_FRAMES * m->mel.hop + m->mel.window) * 4);
    s->mel = take(a, (int64_t)BLOCK_FRAMES * m->mel.n_mels * 4);
    s->scratch = take(a, mel_scratch(&m->mel) * 4);
    if (a->base && edge_mel_scratch_size(s->plan) > mel_scratch(&m->mel)) return EDGE_SONGS_MODEL;
    open_encoder(&s->encoder, m, a);
    s->frames = take(a, frames * LABELS * 4);
    s->levels_db = take(a, (frames + LAG) * 4);
    s->segments = take(a, s->capacity * LABELS * 4);
    s->windows = take(a, s->capacity * s->offsets * s->window * 2);
    s->waiting = take(a, 2 * s->per_segment * WAITING(m) * 4);
    open_rules(&s->rules, s->capacity, s->per_segment, s->offsets, a);
    open_fusion(&s->fusion, m, 2 * (s->capacity / 2 + 1) * most_i(1, s->offsets - 1), a);
    s->song_room = s->capacity / 2 + 1;
    s->songs = take(a, s->song_room * (int64_t)sizeof(edge_song));
    *made = s;
    return EDGE_SONGS_OK;
}

int64_t edge_songs_size(const void *model, int64_t model_size, const edge_song_options *options) {
    arena measured = {NULL, 0};
    edge_songs *none;
    int32_t status = lay_out(model, model_size, options, &measured, &none);
    return status ? -status : measured.used;
}

int32_t edge_songs_open(const void *model, int64_t model_size, const edge_song_options *options, void *memory, int64_t size,
                        edge_songs **songs) {
    if (!memory || !songs) return EDGE_SONGS_NULL;
    int64_t needed = edge_songs_size(model, model_size, options);
    if (needed < 0) return (int32_t)-needed;
    if (size < needed) return EDGE_SONGS_SIZE;
    if ((uintptr_t)memory % 16) return EDGE_SONGS_ALIGN;
    arena placed = {memory, 0};
    int32_t status = lay_out(model, model_size, options, &placed, songs);
    if (status) return status;
    (*songs)->held = ((*songs)->of->mel.window - (*songs)->of->mel.hop) / 2; /* frames are centered on their hop */
    __builtin_memset((*songs)->samples, 0, (size_t)(*songs)->held * 4);
    return EDGE_SONGS_OK;
}

/* ---- windows: attention pooling over the frames of a segment ---- */

static void pool_window(const edge_songs *s, const float *frames, const float *confidences, int64_t count, uint16_t *window) {
    int64_t features = s->of->features, row = WAITING(s->of);
    float weights[MOST_FRAMES], means[LABELS] = {0};
    for (int64_t t = 0; t < TOWERS; t++) {
        const float *attention = frames + TOWERS * features + t, *embedding = frames + t * features;
        float largest = attention[0], total = 0.0f;
        for (int64_t i = 1; i < count; i++) largest = attention[i * row] > largest ? attention[i * row] : largest;
        for (int64_t i = 0; i < count; i++) total += weights[i] = exp_f(attention[i * row] - largest);
        for (int64_t k = 0; k < features; k++) {
            float value = 0.0f;
            for (int64_t i = 0; i < count; i++) value += weights[i] / total * embedding[i * row + k];
            window[t * features + k] = to_half(value);
        }
    }
    for (int64_t i = 0; i < count * LABELS; i++) means[i % LABELS] += confidences[i];
    for (int k = 0; k < LABELS; k++) window[TOWERS * features + k] = to_half(log_f(means[k] / (float)count + 1e-4f));
}

/* Pool the windows that begin in the first segment of the frames that wait; the last ones reach into the next. */
static void pool_segment(edge_songs *s) {
    const float *confidences = s->frames + s->window_segments * s->per_segment * LABELS;
    uint16_t *window = s->windows + s->window_segments * s->offsets * s->window;
    for (int64_t j = 0; j < s->offsets; j++, window += s->window) {
        int64_t start = least_i(j * s->per_step, s->waiting_count - 1), count = least_i(s->per_segment, s->waiting_count - start);
        pool_window(s, s->waiting + start * WAITING(s->of), confidences + start * LABELS, count, window);
    }
    s->window_segments++;
    s->waiting_count = most_i(0, s->waiting_count - s->per_segment);
    int64_t row = WAITING(s->of);
    __builtin_memmove(s->waiting, s->waiting + s->per_segment * row, (size_t)(s->waiting_count * row) * 4);
}

/* ---- songs ---- */

/* Forget the segments before `first`. */
static void forget(edge_songs *s, int64_t first) {
    int64_t gone = least_i(first - s->first, s->window_segments), frames = gone * s->per_segment;
    if (gone <= 0) return;
    s->frame_count -= frames, s->level_frames -= frames, s->window_segments -= gone, s->known = 0, s->first += gone;
    __builtin_memmove(s->frames, s->frames + frames * LABELS, (size_t)(s->frame_count * LABELS) * 4);
    __builtin_memmove(s->levels_db, s->levels_db + frames, (size_t)s->level_frames * 4);
    __builtin_memmove(s->windows, s->windows + gone * s->offsets * s->window, (size_t)(s->window_segments * s->offsets * s->window) * 2);
    __builtin_memmove(s->segments, s->segments + gone * LABELS, (size_t)(s->window_segments * LABELS) * 4);
}

/* Label the segments there are, and hand over the songs that end by `until_s` after the first one's start. */
static void search(edge_songs *s, double duration_s, double until_s) {
    double offset_s = (double)s->first * s->options.segment_s, end_s = -1.0;
    fuse(&s->fusion, s->windows, s->offsets * s->window, s->window_segments, s->known, s->segments);
    s->known = s->window_segments;
    track t = {
        .duration_s = duration_s, .frame_s = s->frame_s, .segment_s = (double)s->per_segment * s->frame_s,
        .step_s = (double)s->per_step * s->frame_s, .segment_count = s->window_segments, .per_segment = s->per_segment,
        .frame_count = least_i(s->frame_count, s->window_segments * s->per_segment), .offsets = s->offsets,
        .frames = s->frames, .levels_db = s->levels_db, .segments = s->segments, .windows = s->windows, .window = s->window,
    };
    int64_t found = detect_songs(&s->rules, &t, &s->fusion, &s->options);
    for (int64_t i = 0; i < found && s->rules.songs[i].end <= until_s && s->song_count < s->song_room; i++) {
        edge_song *song = &s->songs[s->song_count++];
        *song = s->rules.songs[i];
        end_s = song->end;
        song->start += offset_s, song->end += offset_s;
    }
    if (s->options.live && end_s >= 0.0) {
        double segments = end_s / s->options.segment_s;
        int64_t whole = (int64_t)segments;
        forget(s, s->first + ((double)whole < segments ? whole + 1 : whole));
    }
}

static void complete_segment(edge_songs *s) {
    pool_segment(s);
    if (!s->options.live) return;
    const edge_song_options *o = &s->options;
    int64_t horizon = s->capacity - 2; /* a quarter is forgotten at once: the rest must be labeled again */
    if (s->window_segments > horizon) forget(s, s->first + s->window_segments - (horizon - horizon / 4));
    double longest = most(o->max_interlude_s, most(o->max_rest_s, o->max_gap_s));
    double duration_s = (double)(s->window_segments * s->per_segment) * s->frame_s;
    search(s, duration_s, duration_s - (longest + 2 * o->segment_s));
}

/* ---- audio ---- */

static void add_level(edge_songs *s, int64_t count) {
    float power = s->level_power / (float)count;
    s->levels_db[s->level_frames++] = 10.0f * 0.43429448f * log_f(power > LOWEST_POWER ? power : LOWEST_POWER);
    s->level_power = 0.0f, s->level_count = 0;
}

/* A quantized value of a tower, as a float that went through the quantization of both. */
static float shared(const output *o, uint8_t value) {
    float q = round_even_f(((float)value - o->zero) * o->scale / o->shared_scale) + o->shared_zero;
    return (held(q, 0.0f, 255.0f) - o->shared_zero) * o->shared_scale;
}

/* Frames of the encoder: confidences by the mean of the towers' logits, embeddings and attention for the windows. */
static void add_frames(edge_songs *s, int64_t count) {
    const model *m = s->of;
    for (int64_t i = 0; i < count; i++) {
        float scores[LABELS] = {0}, unused, *row = s->waiting + s->waiting_count++ * WAITING(m);
        for (int64_t t = 0; t < TOWERS; t++) {
            const tower *of = &m->towers[t];
            const uint8_t *out = s->encoder.towers[t].out + i * MOST_CHANNELS;
            for (int k = 0; k < LABELS; k++) scores[k] += shared(&of->logits, out[k]) / TOWERS / m->temperature;
            for (int64_t k = 0; k < m->features; k++) row[t * m->features + k] = shared(&of->embedding, out[LABELS + 1 + k]);
            row[TOWERS * m->features + t] = shared(&of->attention, out[LABELS]);
        }
        softmax(scores, s->frames + s->frame_count++ * LABELS, &unused);
        if (s->waiting_count == 2 * s->per_segment) complete_segment(s);
    }
}

/* Label the frames that the held samples complete, at most `limit`. */
static void run(edge_songs *s, int64_t limit, int end) {
    const edge_mel_options *o = &s->of->mel;
    int64_t frames = s->held < o->window ? 0 : least_i((s->held - o->window) / o->hop + 1, limit);
    if (frames > 0) edge_mel(s->plan, s->samples, (frames - 1) * o->hop + o->window, s->mel, s->scratch);
    s->held -= frames * o->hop;
    s->mel_frames += frames;
    __builtin_memmove(s->samples, s->samples + frames * o->hop, (size_t)s->held * 4);
    add_frames(s, encode(&s->encoder, s->mel, frames, end));
}

int32_t edge_songs_accept(edge_songs *s, const float *samples, int64_t count) {
    if (!s || (!samples && count)) return EDGE_SONGS_NULL;
    if (count < 0) return EDGE_SONGS_SIZE;
    if (s->finished) return EDGE_SONGS_STATE;
    const edge_mel_options *o = &s->of->mel;
    if (!s->options.live && (double)(s->accepted + count) > s->options.max_seconds * (double)o->rate_hz) return EDGE_SONGS_FULL;
    for (int64_t i = 0; i < count; i++)
        if (!(samples[i] >= -1e6f && samples[i] <= 1e6f)) return EDGE_SONGS_SAMPLES;
    int64_t per_level = (int64_t)o->hop * s->of->stride, full = (int64_t)(BLOCK_FRAMES - 1) * o->hop + o->window;
    s->accepted += count;
    while (count > 0) {
        int64_t here = least_i(count, least_i(full - s->held, per_level - s->level_count));
        for (int64_t i = 0; i < here; i++) s->level_power += samples[i] * samples[i];
        __builtin_memcpy(s->samples + s->held, samples, (size_t)here * 4);
        s->held += here, s->level_count += here, samples += here, count -= here;
        if (s->level_count == per_level) add_level(s, per_level);
        if (s->held == full) run(s, BLOCK_FRAMES, 0);
    }
    return EDGE_SONGS_OK;
}

int32_t edge_songs_finish(edge_songs *s) {
    if (!s) return EDGE_SONGS_NULL;
    if (s->finished) return EDGE_SONGS_STATE;
    s->finished = 1;
    if (s->accepted == 0) return EDGE_SONGS_OK;
    const edge_mel_options *o = &s->of->mel;
    int64_t per_level = (int64_t)o->hop * s->of->stride, full = (int64_t)(BLOCK_FRAMES - 1) * o->hop + o->window;
    int64_t frames = (s->accepted + per_level - 1) / per_level * s->of->stride; /* as many as cover all samples */
    if (s->level_count > 0) add_level(s, s->level_count);
    while (s->mel_frames < frames) { /* silence follows */
        int64_t missing = frames - s->mel_frames;
        __builtin_memset(s->samples + s->held, 0, (size_t)(full - s->held) * 4);
        s->held = full;
        run(s, missing, missing <= BLOCK_FRAMES);
    }
    while (s->waiting_count > 0) pool_segment(s);
    double end_s = (double)s->accepted / (double)o->rate_hz - (double)s->first * s->options.segment_s;
    search(s, end_s, end_s);
    return EDGE_SONGS_OK;
}

/* ---- results ---- */

int64_t edge_songs_take(edge_songs *s, edge_song *out, int64_t room) {
    if (!s || (!out && room)) return -EDGE_SONGS_NULL;
    if (room < 0) return -EDGE_SONGS_SIZE;
    int64_t count = least_i(room, s->song_count);
    for (int64_t i = 0; i < count; i++) out[i] = s->songs[i];
    s->song_count -= count;
    __builtin_memmove(s->songs, s->songs + count, (size_t)s->song_count * sizeof *s->songs);
    return count;
}

static int64_t copy(const float *rows, int64_t begin, int64_t count, int64_t *first, float *out, int64_t room) {
    if (!first || (!out && room)) return -EDGE_SONGS_NULL;
    if (room < 0 || *first < 0) return -EDGE_SONGS_SIZE;
    *first = most_i(*first, begin);
    int64_t here = most_i(0, least_i(room, begin + count - *first));
    if (here) __builtin_memcpy(out, rows + (*first - begin) * LABELS, (size_t)(here * LABELS) * 4);
    return here;
}

int64_t edge_songs_frames(const edge_songs *s, int64_t *first, float *out, int64_t room) {
    return s ? copy(s->frames, s->first * s->per_segment, s->frame_count, first, out, room) : -EDGE_SONGS_NULL;
}

int64_t edge_songs_segments(const edge_songs *s, int64_t *first, float *out, int64_t room) {
    int64_t known = s && (s->options.live || s->finished) ? s->window_segments : 0;
    return s ? copy(s->segments, s->first, known, first, out, room) : -EDGE_SONGS_NULL;
}
