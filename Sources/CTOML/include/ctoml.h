#pragma once
/* toml++ (https://marzer.github.io/tomlplusplus/), read from C: a document as the events of a walk through it. */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    redoubt_toml_table,   /* opens; what follows up to the matching `end` is in it */
    redoubt_toml_array,   /* opens */
    redoubt_toml_end,     /* closes the innermost table or array */
    redoubt_toml_string,  /* text, length */
    redoubt_toml_integer, /* integer */
    redoubt_toml_real,    /* real */
    redoubt_toml_boolean, /* integer: 0 or 1 */
    redoubt_toml_moment   /* a date, a time or both; no value */
} redoubt_toml_kind;

typedef struct {
    redoubt_toml_kind kind;
    /* UTF-8, not terminated; NULL in an array and for the document itself. Valid during the call alone. */
    const char *key;
    size_t key_length;
    const char *text;
    size_t length;
    int64_t integer;
    double real;
} redoubt_toml_event;

typedef struct {
    /* From 1; 0 where it is not known. */
    unsigned line, column;
    /* Terminated, cut where it is longer. */
    char message[512];
} redoubt_toml_error;

typedef void (*redoubt_toml_visitor)(void *context, const redoubt_toml_event *event);

/* Parses UTF-8 text and visits what is in it, the document's own table first. Returns 0 and fills `error` where it is not
   valid TOML; then nothing was visited. */
int redoubt_toml_walk(
    const char *text, size_t length, void *context, redoubt_toml_visitor visit, redoubt_toml_error *error);

#ifdef __cplusplus
}
#endif
