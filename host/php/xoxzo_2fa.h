#define FFI_SCOPE "XOXZO_2FA"
#define FFI_LIB "libxoxzo_2fa.so.0.1"

/*
 * The functions of libxoxzo_2fa that this package calls, for `ffi.preload` and FFI::load(). A test compares them with the header for C.
 */

typedef struct x2f_client x2f_client;

typedef struct {
  char subject[23];
  char recipient[23];
  char calling_code[4];
  char challenge_id[12];
  char message_id[65];
  bool decoy;
  char cause[801];
  char alarm[12];
} x2f_audit;

typedef struct {
  size_t size;
  uint32_t blame;
  char code[24];
  char detail[512];
  int64_t guesses_left;
  int64_t retry_after_seconds;
  int64_t expires_in_seconds;
  x2f_audit audit;
} x2f_failure;

const x2f_client *x2f_shared(const char *settings,
                             const char *store,
                             x2f_failure *failure);

const char *x2f_effective(const x2f_client *client);

const char *x2f_warning(const x2f_client *client,
                        size_t at);

char *x2f_call(const x2f_client *client,
               const char *question);

void x2f_free(char *answer);
