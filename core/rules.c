/* Labels to songs: the rules of US 12,387,762 B2 with the extensions of the Python package, whose functions of the
 * same names (edge/songs/rules.py, edge/songs/detection.py) say what each is for. Sums and comparisons are in the same
 * order and precision, so that songs are the same. */

#include "core.h"

#define SHORT_GAP 0.5 /* share of the longest gap over which a run too short for a song can belong to one */
#define ROUNDING 1e-4
#define NEVER 1e6

void open_rules(rules *r, int64_t segments, int64_t per_segment, int64_t offsets, arena *a) {
    int64_t runs = segments / 2 + 1, pairs = 2 * runs * most_i(1, offsets - 1);
    int64_t reach = 4 * per_segment;
    r->labels = take(a, segments * 4);
    r->quiet = take(a, segments * 4);
    r->weights = take(a, segments * 4);
    r->sorted = take(a, segments * per_segment * 4);
    r->inside = take(a, reach * 4);
    r->pairs = take(a, pairs * 2 * LABELS * 4);
    r->former = take(a, pairs * LABELS * 4);
    r->latter = take(a, pairs * LABELS * 4);
    r->sung = take(a, runs * 16);
    r->whole = take(a, runs * 16);
    r->singing = take(a, runs * 16);
    r->windows = take(a, 2 * pairs * (int64_t)sizeof *r->windows);
    r->songs = take(a, runs * (int64_t)sizeof(edge_song));
}

static int32_t best(const float *confidences) {
    int32_t label = 0;
    for (int32_t k = 1; k < LABELS; k++)
        if (confidences[k] > confidences[label]) label = k;
    return label;
}

/* The value that would be at `index` if x were sorted (Hoare's selection); what is before it is not larger. */
static float selected(float *x, int64_t count, int64_t index) {
    int64_t low = 0, high = count - 1;
    while (low < high) {
        float pivot = x[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i <= j) {
                float held = x[i];
                x[i++] = x[j], x[j--] = held;
            }
        }
        if (index <= j) high = j;
        else if (index >= i) low = i;
        else break;
    }
    return x[index];
}

static float median(float *x, int64_t count) {
    float upper = selected(x, count, count / 2), lower = x[0];
    if (count % 2) return upper;
    for (int64_t i = 1; i < count / 2; i++) lower = x[i] > lower ? x[i] : lower;
    return (lower + upper) / 2.0f;
}

/* The share of each segment's frames that lies `rest_below_db` under the median level of the singing. */
static void quiet_share(rules *r, const track *t, float below_db) {
    int64_t sung = 0;
    for (int64_t i = 0; i < t->frame_count; i++)
        if (best(t->frames + i * LABELS) == EDGE_SINGING) r->sorted[sung++] = t->levels_db[i];
    float limit = sung ? median(r->sorted, sung) - below_db : 0.0f;
    for (int64_t segment = 0; segment < t->segment_count; segment++) {
        int64_t first = segment * t->per_segment, here = least_i(t->per_segment, t->frame_count - first), quiet = 0;
        for (int64_t i = 0; i < here && sung; i++) quiet += t->levels_db[first + i] < limit;
        r->quiet[segment] = (float)quiet / (float)here;
    }
}

/* The share of the longest gap in a song that each segment takes up. */
static void gap_weights(rules *r, const track *t, const edge_song_options *o) {
    float music = (float)(o->max_interlude_s != 0 ? t->segment_s / o->max_interlude_s : NEVER);
    float rest = (float)(o->max_rest_s != 0 ? t->segment_s / o->max_rest_s : NEVER);
    float sounds = (float)(o->max_gap_s != 0 ? t->segment_s / o->max_gap_s : NEVER);
    for (int64_t i = 0; i < t->segment_count; i++) {
        const float *p = t->segments + i * LABELS;
        float weight = music * p[EDGE_MUSIC] + rest * r->quiet[i] * p[EDGE_OTHER];
        r->weights[i] = weight + sounds * (p[EDGE_SPEAKING] + (1.0f - r->quiet[i]) * p[EDGE_OTHER]);
    }
}

static int64_t sung_enough(const rules *r, int64_t runs, int64_t min_run) {
    int64_t kept = 0;
    for (int64_t i = 0; i < runs; i++) {
        int64_t sung = 0;
        for (int64_t s = r->sung[2 * i]; s < r->sung[2 * i + 1]; s++) sung += r->labels[s] == EDGE_SINGING;
        if (sung < min_run) continue;
        r->sung[2 * kept] = r->sung[2 * i], r->sung[2 * kept + 1] = r->sung[2 * i + 1];
        kept++;
    }
    return kept;
}

/* The steps strictly inside a segment, 1 to the result; the first segment has none. */
static int64_t last_joint(const track *t, int64_t segment) {
    if (segment == 0) return 0;
    double steps = least(t->segment_s, t->duration_s - (double)segment * t->segment_s) / t->step_s - 1e-9;
    int64_t whole = (int64_t)steps;
    return most_i(0, ((double)whole < steps ? whole + 1 : whole) - 1);
}

static int uncertain(const float *p, const edge_song_options *o) {
    return p[EDGE_SINGING] - p[EDGE_SPEAKING] <= (float)o->speech_margin && p[EDGE_SINGING] - p[EDGE_OTHER] <= (float)o->other_margin;
}

/* How many joints are tried at an end of a run. */
static int64_t joints_at(const track *t, int64_t segment, const edge_song_options *o) {
    return uncertain(t->segments + segment * LABELS, o) ? last_joint(t, segment) : 0;
}

/* Start and end of each run's singing, moved to a joint inside an uncertain end segment. */
static void refine(rules *r, const track *t, int64_t runs, fusion *f, const edge_song_options *o) {
    const int32_t inside = 1 << EDGE_SINGING | 1 << EDGE_MUSIC, outside = 1 << EDGE_SPEAKING | 1 << EDGE_OTHER;
    int64_t pairs = 0, at = 0;
    for (int64_t end = 0; end < 2 * runs; end++) {
        int64_t segment = r->sung[end] - (end % 2), joints = joints_at(t, segment, o);
        for (int64_t j = 1; j <= joints; j++, pairs++) {
            r->windows[2 * pairs] = t->windows + ((segment - 1) * t->offsets + j) * t->window;
            r->windows[2 * pairs + 1] = t->windows + (segment * t->offsets + j) * t->window;
        }
    }
    if (pairs > 0) fuse_sequences(f, r->windows, pairs, 2, r->pairs);
    for (int64_t i = 0; i < pairs * LABELS; i++) {
        const float *both = r->pairs + i / LABELS * 2 * LABELS + i % LABELS;
        r->former[i] = both[0], r->latter[i] = both[LABELS];
    }
    for (int64_t run = 0; run < runs; run++) {
        double *edges = r->singing + 2 * run, whole[2];
        whole[0] = edges[0] = (double)r->sung[2 * run] * t->segment_s;
        whole[1] = edges[1] = least((double)r->sung[2 * run + 1] * t->segment_s, t->duration_s);
        for (int end = 0; end < 2; end++) {
            int64_t segment = r->sung[2 * run + end] - end, joints = joints_at(t, segment, o);
            int64_t chosen = edge_label_joint(r->former + at * LABELS, r->latter + at * LABELS, joints, LABELS,
                                              end ? inside : outside, end ? outside : inside);
            if (chosen < joints) edges[end] = (double)segment * t->segment_s + (double)(chosen + 1) * t->step_s;
            at += joints;
        }
        if (edges[0] >= edges[1]) edges[0] = whole[0], edges[1] = whole[1]; /* both ends of a single segment may cross */
    }
}

/* The likeliest time of the change within one segment of `at`; the recording's ends stay. */
static double change(rules *r, const track *t, int music_too, double at, int start) {
    int64_t centre = (int64_t)round_even(at / t->frame_s), reach = (int64_t)round_even(t->segment_s / t->frame_s);
    int64_t low = most_i(0, centre - reach), count = most_i(0, least_i(t->frame_count, centre + reach) - low);
    for (int64_t i = 0; i < count; i++) {
        const float *p = t->frames + (low + i) * LABELS;
        r->inside[start ? i : count - 1 - i] = music_too ? p[EDGE_SINGING] + p[EDGE_MUSIC] : p[EDGE_SINGING];
    }
    int64_t cut = edge_change_point(r->inside, count);
    return least((double)(low + (start ? cut : count - cut)) * t->frame_s, t->duration_s);
}

/* Moves the edges of the singing, then those of the whole song, to the likeliest frames. */
static void exact(rules *r, const track *t, int64_t run, double *singing, double *outer) {
    const int64_t *sung = r->sung + 2 * run, *whole = r->whole + 2 * run;
    double starts = change(r, t, 0, singing[0], 1), ends = change(r, t, 0, singing[1], 0);
    double middle = (singing[0] + singing[1]) / 2;
    singing[0] = least(starts, middle), singing[1] = most(ends, middle);
    /* Music that was judged not to belong to the song must not come back through its frames. */
    int before = whole[0] == sung[0] && sung[0] > 0 && r->labels[sung[0] - 1] == EDGE_MUSIC;
    int after = whole[1] == sung[1] && sung[1] < t->segment_count && r->labels[sung[1]] == EDGE_MUSIC;
    outer[0] = least(before ? singing[0] : change(r, t, 1, outer[0], 1), singing[0]);
    outer[1] = most(after ? singing[1] : change(r, t, 1, outer[1], 0), singing[1]);
}

int64_t detect_songs(rules *r, const track *t, fusion *f, const edge_song_options *o) {
    for (int64_t i = 0; i < t->segment_count; i++) r->labels[i] = best(t->segments + i * LABELS);
    quiet_share(r, t, (float)o->rest_below_db);
    gap_weights(r, t, o);
    int64_t runs = edge_label_runs(r->labels, t->segment_count, EDGE_SINGING, 1, r->sung);
    runs = edge_label_bridge(r->weights, t->segment_count, (float)(SHORT_GAP + ROUNDING), r->sung, runs);
    runs = sung_enough(r, runs, o->min_run);
    runs = edge_label_bridge(r->weights, t->segment_count, (float)(1.0 + ROUNDING), r->sung, runs);
    edge_label_extend(r->labels, t->segment_count, EDGE_MUSIC, EDGE_OTHER, o->edge_is_other, r->sung, runs, r->whole);
    refine(r, t, runs, f, o);
    int64_t found = 0;
    for (int64_t run = 0; run < runs; run++) {
        const int64_t *sung = r->sung + 2 * run, *whole = r->whole + 2 * run;
        double *singing = r->singing + 2 * run, outer[2];
        outer[0] = whole[0] < sung[0] ? (double)whole[0] * t->segment_s : singing[0];
        outer[1] = whole[1] > sung[1] ? least((double)whole[1] * t->segment_s, t->duration_s) : singing[1];
        if (o->refine_on_frames) exact(r, t, run, singing, outer);
        double start = most(outer[0], found ? r->songs[found - 1].end : 0.0), end = least(outer[1], t->duration_s), total = 0.0;
        if (end - start < t->frame_s) continue;
        int64_t count = 0;
        for (int64_t s = sung[0]; s < sung[1]; s++)
            if (r->labels[s] == EDGE_SINGING) total += (double)t->segments[s * LABELS + EDGE_SINGING], count++;
        r->songs[found++] = (edge_song){
            .start = start,
            .end = end,
            .prelude = least(most(0.0, singing[0] - start), end - start),
            .postlude = least(most(0.0, end - most(singing[1], start)), end - start),
            .confidence = total / (double)count,
        };
    }
    return found;
}
