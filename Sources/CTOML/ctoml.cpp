#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include "ctoml.h"

#include <toml++/toml.h>

#include <cstdio>

namespace {

struct walker {
    void *context;
    redoubt_toml_visitor visit;

    void walk(const toml::node &node, const std::string_view *key) const {
        redoubt_toml_event event{};
        if (key) {
            event.key = key->data();
            event.key_length = key->size();
        }
        switch (node.type()) {
        case toml::node_type::table:
            event.kind = redoubt_toml_table;
            visit(context, &event);
            for (const auto &[name, value] : *node.as_table()) {
                const std::string_view text = name.str();
                walk(value, &text);
            }
            close();
            return;
        case toml::node_type::array:
            event.kind = redoubt_toml_array;
            visit(context, &event);
            for (const auto &value : *node.as_array()) walk(value, nullptr);
            close();
            return;
        case toml::node_type::string: {
            const std::string &text = node.as_string()->get();
            event.kind = redoubt_toml_string;
            event.text = text.data();
            event.length = text.size();
            break;
        }
        case toml::node_type::integer:
            event.kind = redoubt_toml_integer;
            event.integer = node.as_integer()->get();
            break;
        case toml::node_type::floating_point:
            event.kind = redoubt_toml_real;
            event.real = node.as_floating_point()->get();
            break;
        case toml::node_type::boolean:
            event.kind = redoubt_toml_boolean;
            event.integer = node.as_boolean()->get() ? 1 : 0;
            break;
        default: event.kind = redoubt_toml_moment;
        }
        visit(context, &event);
    }

    void close() const {
        redoubt_toml_event event{};
        event.kind = redoubt_toml_end;
        visit(context, &event);
    }
};

} // namespace

int redoubt_toml_walk(
    const char *text, size_t length, void *context, redoubt_toml_visitor visit, redoubt_toml_error *error) {
    const toml::parse_result result = toml::parse(std::string_view(text, length));
    if (!result) {
        const toml::parse_error &failure = result.error();
        error->line = failure.source().begin.line;
        error->column = failure.source().begin.column;
        const std::string_view words = failure.description();
        std::snprintf(error->message, sizeof error->message, "%.*s", static_cast<int>(words.size()), words.data());
        return 0;
    }
    walker{context, visit}.walk(result.table(), nullptr);
    return 1;
}
