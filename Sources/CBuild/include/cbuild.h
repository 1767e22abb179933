#pragma once
/* The commit that was built: hexadecimal, with -dirty where there were changes beside it. Empty where nobody said. */
const char *redoubt_build_commit(void);
