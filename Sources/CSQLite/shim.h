#pragma once
#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast that Swift does not import. An empty value is an empty blob, never NULL.
static inline int redoubt_sqlite3_bind_copy(sqlite3_stmt *statement, int column, const void *bytes, sqlite3_uint64 count) {
  return count == 0 ? sqlite3_bind_zeroblob(statement, column, 0)
                    : sqlite3_bind_blob64(statement, column, bytes, count, SQLITE_TRANSIENT);
}
