/*
 * Compiles the engine into the folder that XOXZO_2FA_CACHE names: run by `make install`, so that no program has to.
 */
#include <stdio.h>

#include "xoxzo_2fa.h"

int main(void)
{
  char key[65], guard_key[65], settings[512];
  x2f_failure failure = {.size = sizeof failure};
  x2f_store *store = x2f_store_memory(0, NULL, &failure);
  x2f_client *client = NULL;
  if (store != NULL && x2f_keygen(&key, &failure) == X2F_OK && x2f_keygen(&guard_key, &failure) == X2F_OK) {
    snprintf(settings, sizeof settings,
             "{\"version\":1,\"audience\":\"compile\",\"service\":\"compile\",\"keys\":[\"%s\"],\"guard\":{\"key\":\"%s\"},"
             "\"xoxzo\":{\"sid\":\"none\",\"auth_token\":\"none\",\"sender\":\"none\"},\"destinations\":[\"JP-mobile\"]}",
             key, guard_key);
    x2f_options options = {.size = sizeof options, .settings = settings, .store = store};
    client = x2f_open(&options, &failure);
  }
  if (client == NULL) fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
  int status = client == NULL;
  x2f_close(client);
  x2f_store_close(store);
  return status;
}
