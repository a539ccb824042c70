/* Prints the log-mel spectrum of a WAV file (16-bit, one channel), a frame to a line.
 *
 *   cc logmel.c -I.. edge-kernels-x86-64-v3.so -Wl,-rpath,. -o logmel && ./logmel speech.wav
 */
#include "edge_kernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number(const unsigned char *at) /* four bytes, the lowest first */
{
    return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static float *read_wav(const char *path, float *rate_hz, int64_t *count)
{
    unsigned char header[12], chunk[8], format[16] = {0}, two[2];
    FILE *file = fopen(path, "rb");
    if (!file || fread(header, 1, 12, file) != 12 || memcmp(header + 8, "WAVE", 4)) return NULL;
    while (fread(chunk, 1, 8, file) == 8) {
        uint32_t size = number(chunk + 4);
        if (!memcmp(chunk, "fmt ", 4) && size >= 16 && fread(format, 1, 16, file) == 16) size -= 16;
        if (!memcmp(chunk, "data", 4)) {
            if (format[0] != 1 || format[2] != 1 || format[14] != 16) return NULL; /* PCM, mono, 16 bits */
            float *samples = malloc(sizeof(float) * (size / 2 + 1));
            for (*count = 0; *count < size / 2 && fread(two, 1, 2, file) == 2; ++*count)
                samples[*count] = (int16_t)(two[0] | two[1] << 8) / 32768.0f;
            *rate_hz = (float)number(format + 4);
            fclose(file);
            return samples;
        }
        fseek(file, size + size % 2, SEEK_CUR);
    }
    return NULL;
}

int main(int count_arguments, char **arguments)
{
    edge_mel_options options = {.n_mels = 64, .scale_kind = EDGE_SLANEY, .norm = EDGE_AREA,
                                .logarithm = 1, .floor = 1e-10f, .scale = 1.0f};
    int64_t count = 0;
    float *samples = count_arguments == 2 ? read_wav(arguments[1], &options.rate_hz, &count) : NULL;
    if (!samples) return fprintf(stderr, "usage: logmel FILE.wav (16-bit, one channel)\n"), 2;
    options.high_hz = options.rate_hz / 2;
    options.window = (int32_t)(options.rate_hz / 40); /* 25 ms every 10 ms */
    options.hop = (int32_t)(options.rate_hz / 100);
    for (options.n_fft = 32; options.n_fft < options.window;) options.n_fft *= 2;

    int64_t size = edge_mel_plan_size(&options);
    if (size < 0) return fprintf(stderr, "options refused, status %d\n", (int)-size), 1;
    float *plan = malloc(sizeof(float) * size);
    edge_mel_plan(&options, plan);
    int64_t frames = count < options.window ? 0 : (count - options.window) / options.hop + 1;
    float *out = malloc(sizeof(float) * (frames * options.n_mels + 1));
    float *scratch = malloc(sizeof(float) * edge_mel_scratch_size(plan));
    int32_t status = edge_mel(plan, samples, count, out, scratch);
    for (int64_t i = 0; i < frames * options.n_mels; ++i)
        printf("%.6f%c", out[i], (i + 1) % options.n_mels ? ' ' : '\n');
    return status;
}
