/* The native method of Ask.java. */
#include <jni.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

JNIEXPORT jbyteArray JNICALL Java_Ask_ask(JNIEnv *env, jclass class, jbyteArray settings, jbyteArray question, jint now)
{
  (void)class;
  jsize settings_length = (*env)->GetArrayLength(env, settings), question_length = (*env)->GetArrayLength(env, question);
  uint8_t *bytes = malloc((size_t)settings_length + (size_t)question_length + 1), *answer = NULL;
  if (bytes == NULL) return NULL;
  (*env)->GetByteArrayRegion(env, settings, 0, settings_length, (jbyte *)bytes);
  (*env)->GetByteArrayRegion(env, question, 0, question_length, (jbyte *)bytes + settings_length);
  size_t length = 0;
  jbyteArray told = NULL;
  if (ask(bytes, (size_t)settings_length, bytes + settings_length, (size_t)question_length, (uint32_t)now, &answer, &length)) {
    told = (*env)->NewByteArray(env, (jsize)length);
    if (told != NULL) (*env)->SetByteArrayRegion(env, told, 0, (jsize)length, (jbyte *)answer);
    explicit_bzero(answer, length);
  }
  explicit_bzero(bytes, (size_t)settings_length + (size_t)question_length);
  free(answer);
  free(bytes);
  return told;
}
