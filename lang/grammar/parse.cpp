// The one file that instantiates the grammar: PEGTL's templates are compiled here and nowhere else.
#include "lang/grammar/parse.h"

#include "lang/grammar/actions.h"
#include "lang/grammar/literals.h"
#include "lang/grammar/messages.h"
#include "lang/grammar/syntax_shapes.h"

namespace wakeful {

namespace grammar {

void make_type(Builder& b) {
  static constexpr struct {
    std::string_view name;
    ast::Type::Kind kind;
  } kTypes[] = {
      {"any", ast::Type::Kind::Any},       {"null", ast::Type::Kind::Null},
      {"bool", ast::Type::Kind::Bool},     {"int", ast::Type::Kind::Int},
      {"float", ast::Type::Kind::Float},   {"number", ast::Type::Kind::Number},
      {"string", ast::Type::Kind::String}, {"list", ast::Type::Kind::List},
      {"map", ast::Type::Kind::Map},       {"duration", ast::Type::Kind::Duration},
      {"time", ast::Type::Kind::Time},     {"fn", ast::Type::Kind::Fn},
      {"handle", ast::Type::Kind::Handle}, {"error", ast::Type::Kind::Error},
  };
  ast::Type made;
  made.span = b.node_span();
  made.optional = !b.take(b.marks).empty();
  made.args = b.take(b.types);
  made.fields = b.take(b.type_fields);
  const Token& first = b.at(b.frame().token);
  if (first.kind == Tok::LeftBrace) {
    made.kind = ast::Type::Kind::Record;
  } else {
    std::string name(b.text(first));
    std::vector<std::string> known;
    bool found = false;
    for (const auto& row : kTypes) {
      if (row.name == name) made.kind = row.kind, found = true;
      known.emplace_back(row.name);
    }
    if (!found) {
      std::string near = nearest_name(name, known);
      b.complain("unknown-name", b.span(first), "unknown type `" + name + "`",
                 near.empty() ? "types are any, null, bool, int, float, number, string, list, map, "
                                "duration, time, fn, handle, error and {…}"
                              : "did you mean `" + near + "`?");
    }
    const bool generic = made.kind == ast::Type::Kind::List || made.kind == ast::Type::Kind::Map;
    if (found && !generic && !made.args.empty()) {
      b.complain("syntax", made.span, "`" + name + "` takes no `<…>`", "only `list` and `map` do");
    }
  }
  b.grow(1);
  b.types.push_back(std::move(made));
}

void make_pattern_field(Builder& b) {
  ast::Pattern::Field made;
  if (b.count(b.exprs) > 0) made.fallback = b.pop(b.exprs);
  made.key = b.pop(b.names);
  if (!b.take(b.marks).empty()) {
    made.target = std::make_unique<ast::Pattern>(b.pop(b.patterns));
  } else {
    made.target = std::make_unique<ast::Pattern>();
    made.target->name = made.key;
    made.target->span = made.key.span;
  }
  b.pattern_fields.push_back(std::move(made));
}

void make_pattern(Builder& b) {
  ast::Pattern made;
  made.span = b.node_span();
  const Tok first = b.at(b.frame().token).kind;
  made.fields = b.take(b.pattern_fields);
  made.items = b.take(b.patterns);
  auto rests = b.take(b.marks);
  auto names = b.take(b.names);
  if (first == Tok::Identifier) {
    made.name = std::move(names[0]);
  } else {
    made.kind = first == Tok::LeftBrace ? ast::Pattern::Kind::Map : ast::Pattern::Kind::List;
    if (!rests.empty()) {
      made.rest = std::move(names.back());
      const bool last =
          (made.items.empty() || made.items.back().span.begin < made.rest->span.begin) &&
          (made.fields.empty() || made.fields.back().key.span.begin < made.rest->span.begin);
      if (rests.size() > 1 || !last) {
        b.complain("syntax", made.rest->span,
                   "`...` takes what is left, so it stands once and last", "move it to the end");
      }
    }
  }
  b.grow(1);
  b.patterns.push_back(std::move(made));
}

namespace {

ast::File parse_text(uint32_t file_index, std::string_view text, Diagnostics& diagnostics,
                     Syntax* syntax) {
  Builder builder(file_index, text, lex(file_index, text, diagnostics), diagnostics);
  if (syntax) builder.taken = &syntax->taken;
  TokenInput in{builder};
  builder.open();  // the file's own frame: what is pushed into it stays
  p::parse<file, action, control>(in, builder);
  ast::File file = builder.finish();
  if (syntax) syntax->tokens = builder.take_tokens();
  return file;
}

ast::File parse_file(uint32_t file_index, const Sources& sources, Diagnostics& diagnostics,
                     Syntax* syntax) {
  const std::string& text = sources.files[file_index]->text();
  ast::File nothing;
  nothing.index = file_index;
  constexpr size_t kFileBytesMax = size_t{1} << 28;  // spans count in 32 bits
  if (text.size() > kFileBytesMax) {
    diagnostics.error("too-large", {file_index, 0, 0}, "the file is larger than 256 MiB",
                      "split it with `import`");
    return nothing;
  }
  const size_t invalid = first_invalid_utf8(text);
  if (invalid != std::string::npos) {
    auto at = static_cast<uint32_t>(invalid);
    diagnostics.error("not-utf8", {file_index, at, at + 1}, "this byte is not UTF-8",
                      "save the file as UTF-8");
    return nothing;
  }
  return parse_text(file_index, text, diagnostics, syntax);
}

}  // namespace

Syntax read_syntax(uint32_t file_index, const Sources& sources, Diagnostics& diagnostics) {
  Syntax syntax;
  syntax.tree = parse_file(file_index, sources, diagnostics, &syntax);
  return syntax;
}

}  // namespace grammar

ast::File parse(uint32_t file_index, const Sources& sources, Diagnostics& diagnostics) {
  return grammar::parse_file(file_index, sources, diagnostics, nullptr);
}

}  // namespace wakeful
