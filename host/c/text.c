/* Texts: from bytes that may be anything, and away without a trace. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/** Length of the character that begins here, or of the longest part of one: then it is not `whole`. */
static size_t sequence(const unsigned char *at, size_t left, bool *whole)
{
  unsigned char first = at[0], low = 0x80, high = 0xbf;
  size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  switch (first) { /* No longer spelling than needed, no surrogates, nothing above U+10FFFF (RFC 3629). */
  case 0xe0: low = 0xa0; break;
  case 0xed: high = 0x9f; break;
  case 0xf0: low = 0x90; break;
  case 0xf4: high = 0x8f; break;
  default: break;
  }
  size_t seen = 1;
  while (seen < length && seen < left && at[seen] >= low && at[seen] <= high) {
    seen++;
    low = 0x80;
    high = 0xbf;
  }
  *whole = seen == length;
  return seen;
}

json_t *x2f_text(const char *bytes, size_t length, size_t most)
{
  size_t room = length > most / 3 ? most : length * 3;
  char *out = malloc(room + 1);
  if (out == NULL) return NULL;
  size_t used = 0, at = 0;
  while (at < length) {
    bool whole;
    size_t seen = sequence((const unsigned char *)bytes + at, length - at, &whole);
    const char *from = whole ? bytes + at : "\xef\xbf\xbd";
    size_t wide = whole ? seen : 3;
    if (wide > room - used) break;
    memcpy(out + used, from, wide);
    used += wide;
    at += seen;
  }
  json_t *text = json_stringn(out, used);
  explicit_bzero(out, used);
  free(out);
  return text;
}

static void wipe_texts(json_t *node)
{
  const char *name;
  json_t *each;
  size_t at;
  if (json_is_string(node)) {
    explicit_bzero((char *)json_string_value(node), json_string_length(node));
  } else if (json_is_array(node)) {
    json_array_foreach (node, at, each) wipe_texts(each);
  } else if (json_is_object(node)) {
    json_object_foreach (node, name, each) wipe_texts(each);
  }
}

void x2f_wipe(json_t *tree)
{
  if (tree == NULL) return;
  wipe_texts(tree);
  json_decref(tree);
}
