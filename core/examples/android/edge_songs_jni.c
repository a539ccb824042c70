/* What EdgeSongs.kt calls. Build it into libedge_songs_jni.so, beside libedge_songs.so. */

#include <jni.h>
#include <stdlib.h>

#include "edge_songs.h"

#define METHOD(result, name) JNIEXPORT result JNICALL Java_edge_EdgeSongs_##name

typedef struct {
    edge_songs *songs;
    void *memory;
    jobject model; /* keeps the buffer alive */
    int64_t frames; /* labeled so far, as far as `recent` has looked */
} instance;

static void refuse(JNIEnv *env, int status) {
    jclass kind = (*env)->FindClass(env, "edge/EdgeException");
    if (!kind) return; /* an error is pending */
    jmethodID make = (*env)->GetMethodID(env, kind, "<init>", "(I)V");
    if (make) (*env)->Throw(env, (*env)->NewObject(env, kind, make, (jint)status));
}

METHOD(jlong, open)(JNIEnv *env, jobject self, jobject model, jboolean live, jdouble max_seconds) {
    (void)self;
    const void *bytes = (*env)->GetDirectBufferAddress(env, model);
    int64_t length = (*env)->GetDirectBufferCapacity(env, model);
    edge_song_options options = edge_song_defaults();
    options.live = live;
    options.max_seconds = max_seconds;
    int64_t size = edge_songs_size(bytes, length, &options);
    if (size < 0) return refuse(env, (int)-size), 0;
    instance *made = calloc(1, sizeof *made);
    if (made) made->memory = malloc((size_t)size);
    int status = made && made->memory ? edge_songs_open(bytes, length, &options, made->memory, size, &made->songs) : EDGE_SONGS_SIZE;
    if (status) {
        if (made) free(made->memory);
        free(made);
        return refuse(env, status), 0;
    }
    made->model = (*env)->NewGlobalRef(env, model);
    return (jlong)(intptr_t)made;
}

METHOD(void, accept)(JNIEnv *env, jobject self, jlong handle, jfloatArray samples, jint count) {
    (void)self;
    jfloat *values = (*env)->GetFloatArrayElements(env, samples, NULL);
    if (!values) return;
    int status = edge_songs_accept(((instance *)(intptr_t)handle)->songs, values, count);
    (*env)->ReleaseFloatArrayElements(env, samples, values, JNI_ABORT);
    if (status) refuse(env, status);
}

METHOD(void, finish)(JNIEnv *env, jobject self, jlong handle) {
    (void)self;
    int status = edge_songs_finish(((instance *)(intptr_t)handle)->songs);
    if (status) refuse(env, status);
}

METHOD(jdoubleArray, take)(JNIEnv *env, jobject self, jlong handle) {
    (void)self;
    edge_song songs[64];
    int64_t count = edge_songs_take(((instance *)(intptr_t)handle)->songs, songs, 64);
    jdoubleArray values = (*env)->NewDoubleArray(env, (jsize)(5 * count));
    if (values) (*env)->SetDoubleArrayRegion(env, values, 0, (jsize)(5 * count), (const jdouble *)songs);
    return values;
}

METHOD(jfloatArray, recent)(JNIEnv *env, jobject self, jlong handle, jint frames) {
    (void)self;
    instance *of = (instance *)(intptr_t)handle;
    float rows[64][4], kept[64][4];
    int64_t wanted = frames < 0 ? 0 : frames < 64 ? frames : 64, have = 0, here;
    int64_t first = of->frames > wanted ? of->frames - wanted : 0;
    while ((here = edge_songs_frames(of->songs, &first, rows[0], 64)) > 0) { /* the last ones of all */
        for (int64_t i = 0; i < here; i++, have++)
            for (int k = 0; k < 4; k++) kept[have % 64][k] = rows[i][k];
        of->frames = first += here;
    }
    int64_t count = have < wanted ? have : wanted;
    jfloatArray values = (*env)->NewFloatArray(env, (jsize)(4 * count));
    for (int64_t i = 0; values && i < count; i++)
        (*env)->SetFloatArrayRegion(env, values, (jsize)(4 * i), 4, kept[(have - count + i) % 64]);
    return values;
}

METHOD(void, free)(JNIEnv *env, jobject self, jlong handle) {
    (void)self;
    instance *of = (instance *)(intptr_t)handle;
    (*env)->DeleteGlobalRef(env, of->model);
    free(of->memory);
    free(of);
}
