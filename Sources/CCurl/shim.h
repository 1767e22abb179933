#pragma once
#include <curl/curl.h>

/* curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one shim for each argument type. */
static inline CURLcode redoubt_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode redoubt_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode redoubt_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode redoubt_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode redoubt_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
typedef size_t (*redoubt_curl_data_callback)(char *data, size_t size, size_t count, void *context);
static inline CURLcode redoubt_curl_set_data_callback(CURL *handle, CURLoption option, redoubt_curl_data_callback value) {
    return curl_easy_setopt(handle, option, value);
}
typedef int (*redoubt_curl_seek)(void *context, curl_off_t offset, int origin);
static inline CURLcode redoubt_curl_set_seek_callback(CURL *handle, redoubt_curl_seek value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}
typedef int (*redoubt_curl_progress)(void *context, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow);
static inline CURLcode redoubt_curl_set_progress_callback(CURL *handle, redoubt_curl_progress value) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}
typedef int (*redoubt_curl_debug)(CURL *handle, curl_infotype type, char *data, size_t size, void *context);
static inline CURLcode redoubt_curl_set_debug_callback(CURL *handle, redoubt_curl_debug value) {
    return curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, value);
}
/* CURLOPT_QUICK_EXIT (libcurl 7.87): a name that is still being looked up holds up no timeout. */
static inline CURLcode redoubt_curl_set_quick_exit(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)handle;
    return CURLE_OK;
#endif
}
static inline CURLcode redoubt_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode redoubt_curl_get_string(CURL *handle, CURLINFO info, char **value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode redoubt_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}
/* CURLVERSION_NOW is a macro that Swift does not see. */
static inline const curl_version_info_data *redoubt_curl_version(void) { return curl_version_info(CURLVERSION_NOW); }
