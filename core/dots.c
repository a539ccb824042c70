/* Dot products of bytes with 7-bit weights, for four rows and one or two blocks of LANES output channels at once.
 *
 * Weights of a block lie as [tap][quad][LANES][4]: a step multiplies four bytes of a row with four weights of each
 * channel. The sums are [block][4 rows][LANES]. Weights are -64..64: no 16-bit sum of two products saturates. */

#include "core.h"

static uint32_t quad_at(const uint8_t *row, int64_t quad) {
    uint32_t four;
    __builtin_memcpy(&four, row + 4 * quad, 4);
    return four;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

__attribute__((target("avx2"))) static void dots_avx2(const uint8_t *const *rows, int64_t pitch, int64_t taps, int64_t quads,
                                                      const int8_t *weights, int64_t blocks, int32_t *sums) {
    const __m256i ones = _mm256_set1_epi16(1);
    for (int64_t b = 0; b < blocks; b++) {
        __m256i s[4][2];
        for (int r = 0; r < 4; r++) s[r][0] = s[r][1] = _mm256_setzero_si256();
        for (int64_t tap = 0; tap < taps; tap++) {
            const uint8_t *row[4] = {rows[0] + tap * pitch, rows[1] + tap * pitch, rows[2] + tap * pitch, rows[3] + tap * pitch};
            for (int64_t q = 0; q < quads; q++, weights += 4 * LANES) {
                __m256i w0 = _mm256_loadu_si256((const __m256i *)weights), w1 = _mm256_loadu_si256((const __m256i *)(weights + 32));
                for (int r = 0; r < 4; r++) {
                    __m256i four = _mm256_set1_epi32((int)quad_at(row[r], q));
                    s[r][0] = _mm256_add_epi32(s[r][0], _mm256_madd_epi16(_mm256_maddubs_epi16(four, w0), ones));
                    s[r][1] = _mm256_add_epi32(s[r][1], _mm256_madd_epi16(_mm256_maddubs_epi16(four, w1), ones));
                }
            }
        }
        for (int r = 0; r < 4; r++, sums += LANES) {
            _mm256_storeu_si256((__m256i *)sums, s[r][0]);
            _mm256_storeu_si256((__m256i *)(sums + 8), s[r][1]);
        }
    }
}

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

VNNI static void dots_vnni(const uint8_t *const *rows, int64_t pitch, int64_t taps, int64_t quads, const int8_t *weights,
                           int64_t blocks, int32_t *sums) {
    int64_t next = blocks == 2 ? taps * quads * 4 * LANES : 0; /* a single block is computed twice */
    __m512i s[4][2];
    for (int r = 0; r < 4; r++) s[r][0] = s[r][1] = _mm512_setzero_si512();
    for (int64_t tap = 0; tap < taps; tap++) {
        const uint8_t *row[4] = {rows[0] + tap * pitch, rows[1] + tap * pitch, rows[2] + tap * pitch, rows[3] + tap * pitch};
        for (int64_t q = 0; q < quads; q++, weights += 4 * LANES) {
            __m512i w0 = _mm512_loadu_si512(weights), w1 = _mm512_loadu_si512(weights + next);
            for (int r = 0; r < 4; r++) {
                __m512i four = _mm512_set1_epi32((int)quad_at(row[r], q));
                s[r][0] = _mm512_dpbusd_epi32(s[r][0], four, w0);
                s[r][1] = _mm512_dpbusd_epi32(s[r][1], four, w1);
            }
        }
    }
    for (int64_t b = 0; b < blocks; b++)
        for (int r = 0; r < 4; r++, sums += LANES) _mm512_storeu_si512(sums, s[r][b]);
}

static int system_saves(uint32_t registers) { /* as a bit mask of XCR0 */
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & registers) == registers;
}

arithmetic best_arithmetic(void) {
    uint32_t a, b, c, d;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_AVX512F && b & bit_AVX512BW && b & bit_AVX512VL && c & bit_AVX512VNNI &&
        system_saves(0xe6))
        return (arithmetic){"avx512-vnni", dots_vnni, 0};
    return (arithmetic){"avx2", dots_avx2, 0}; /* the whole library is compiled for it */
}

#elif defined(__aarch64__)
#include <arm_neon.h>

#if defined(__clang__)
#define DOTPROD __attribute__((target("dotprod")))
#else
#define DOTPROD __attribute__((target("+dotprod")))
#endif

/* Both multiply signed bytes: 128 less than a row's bytes, and 128 * the sum of the weights is in the bias. */

DOTPROD static void dots_dotprod(const uint8_t *const *rows, int64_t pitch, int64_t taps, int64_t quads, const int8_t *weights,
                                 int64_t blocks, int32_t *sums) {
    const uint8x16_t middle = vdupq_n_u8(128);
    for (int64_t b = 0; b < blocks; b++) {
        int32x4_t s[4][4];
        for (int r = 0; r < 4; r++)
            for (int n = 0; n < 4; n++) s[r][n] = vdupq_n_s32(0);
        for (int64_t tap = 0; tap < taps; tap++) {
            const uint8_t *row[4] = {rows[0] + tap * pitch, rows[1] + tap * pitch, rows[2] + tap * pitch, rows[3] + tap * pitch};
            for (int64_t q = 0; q < quads; q++, weights += 4 * LANES) {
                int8x16_t w[4];
                for (int n = 0; n < 4; n++) w[n] = vld1q_s8(weights + 16 * n);
                for (int r = 0; r < 4; r++) {
                    int8x16_t four = vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(quad_at(row[r], q))), middle));
                    for (int n = 0; n < 4; n++) s[r][n] = vdotq_s32(s[r][n], w[n], four);
                }
            }
        }
        for (int r = 0; r < 4; r++, sums += LANES)
            for (int n = 0; n < 4; n++) vst1q_s32(sums + 4 * n, s[r][n]);
    }
}

static void dots_neon(const uint8_t *const *rows, int64_t pitch, int64_t taps, int64_t quads, const int8_t *weights, int64_t blocks,
                      int32_t *sums) {
    const uint8x16_t middle = vdupq_n_u8(128);
    for (int64_t b = 0; b < blocks; b++, weights += taps * quads * 4 * LANES)
        for (int r = 0; r < 4; r++, sums += LANES) {
            const int8_t *at = weights;
            int32x4_t s[4][2];
            for (int n = 0; n < 4; n++) s[n][0] = s[n][1] = vdupq_n_s32(0);
            for (int64_t tap = 0; tap < taps; tap++)
                for (int64_t q = 0; q < quads; q++, at += 4 * LANES) {
                    int8x16_t four = vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(quad_at(rows[r] + tap * pitch, q))), middle));
                    for (int n = 0; n < 4; n++) {
                        int8x16_t w = vld1q_s8(at + 16 * n);
                        s[n][0] = vpadalq_s16(s[n][0], vmull_s8(vget_low_s8(four), vget_low_s8(w)));
                        s[n][1] = vpadalq_s16(s[n][1], vmull_high_s8(four, w));
                    }
                }
            for (int n = 0; n < 4; n++) vst1q_s32(sums + 4 * n, vpaddq_s32(s[n][0], s[n][1]));
        }
}

#if defined(__linux__)
/* The capabilities that the kernel tells a process, by system calls: Linux and Android have different C libraries. */
static long system_call(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static int has_dotprod(void) {
    uint64_t entry[2], found = 0;
    long file = system_call(56, -100, (long)"/proc/self/auxv", 0); /* openat */
    if (file < 0) return 0;
    while (system_call(63, file, (long)entry, sizeof entry) == sizeof entry) /* read */
        if (entry[0] == 16) found = entry[1];                                /* AT_HWCAP */
    system_call(57, file, 0, 0);                                             /* close */
    return found >> 20 & 1;                                                  /* HWCAP_ASIMDDP */
}
#elif defined(__ARM_FEATURE_DOTPROD)
static int has_dotprod(void) { return 1; }
#else
static int has_dotprod(void) { return 0; }
#endif

arithmetic best_arithmetic(void) {
    return has_dotprod() ? (arithmetic){"dotprod", dots_dotprod, 1} : (arithmetic){"neon", dots_neon, 1};
}

#else
#error "dot products are written for x86-64 and aarch64"
#endif
