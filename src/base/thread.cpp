#include "base/thread.h"

#include <pthread.h>

namespace novip {

void name_thread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace novip
