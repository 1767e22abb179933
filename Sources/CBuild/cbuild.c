#include "cbuild.h"

#ifndef REDOUBT_COMMIT
#define REDOUBT_COMMIT ""
#endif

const char *redoubt_build_commit(void) { return REDOUBT_COMMIT; }
