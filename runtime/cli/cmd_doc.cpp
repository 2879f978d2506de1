// wf doc: what there is to call: the library, or what a file declares.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "lang/grammar/parse.h"
#include "runtime/cli/library_doc.h"
#include "runtime/cli/open_program.h"

namespace wakeful::cli {
namespace {

/// A declaration in words.
struct DocumentedDeclaration {
  const char* kind;
  std::string name;
  std::string signature;  // as the source has it, on one line where no comment stands in it
  std::string doc;
};

const char* kind_name(ast::Declaration::Kind kind) {
  switch (kind) {
    case ast::Declaration::Kind::Workflow:
      return "workflow";
    case ast::Declaration::Kind::Activity:
      return "activity";
    case ast::Declaration::Kind::Fn:
      return "fn";
    case ast::Declaration::Kind::Let:
      return "let";
    case ast::Declaration::Kind::Import:
      return "import";
    case ast::Declaration::Kind::Test:
      return "test";
  }
  return "";
}

std::string on_one_line(std::string_view text) {
  std::string line;
  if (text.find('#') != text.npos) return std::string(text);
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

DocumentedDeclaration documented(const ast::Declaration& d, const Sources& sources) {
  const bool has_body = d.kind != ast::Declaration::Kind::Let &&
                        d.kind != ast::Declaration::Kind::Import && d.fn.has_body &&
                        d.fn.body.span.begin > d.span.begin;
  const uint32_t end = has_body ? d.fn.body.span.begin : d.span.end;
  const std::string_view text = sources.of(d.span).text();
  return {kind_name(d.kind), d.name.text,
          on_one_line(text.substr(d.span.begin, end - d.span.begin)), d.doc};
}

std::string indented(const std::string& text, std::string_view indent) {
  std::string out(indent);
  for (const char c : text) {
    out += c;
    if (c == '\n') out += indent;
  }
  return out;
}

std::string file_text(const std::vector<DocumentedDeclaration>& list, bool markdown) {
  std::string text;
  for (const DocumentedDeclaration& d : list) {
    if (markdown) {
      text += fmt::format("\n## `{}`\n", d.signature) + (d.doc.empty() ? "" : "\n" + d.doc + "\n");
    } else {
      text += d.signature + "\n" + (d.doc.empty() ? "" : indented(d.doc, "  ") + "\n");
    }
  }
  return text;
}

std::string file_json(const std::string& file, const std::vector<DocumentedDeclaration>& list) {
  JsonWriter json;
  json.begin_object().key("file").text(file).key("declarations").begin_list();
  for (const DocumentedDeclaration& d : list) {
    json.begin_object().key("kind").text(d.kind).key("name").text(d.name);
    json.key("signature").text(d.signature).key("doc").text(d.doc).end_object();
  }
  json.end_list().end_object();
  return json.document();
}

int doc_of_file(const CommandLine& line, const std::string& file) {
  const auto compiled = compile_file(file);
  if (!compiled) return say_error(compiled.error());
  if (compiled->diagnostics.has_errors()) {
    write_stderr(render_all(*compiled, wants_colour(line, STDERR_FILENO)));
    return kExitScript;
  }
  Diagnostics again;  // said above
  const ast::File tree = parse(0, compiled->sources, again);
  std::vector<DocumentedDeclaration> list;
  for (const ast::Declaration& d : tree.declarations)
    if (d.kind != ast::Declaration::Kind::Import) list.push_back(documented(d, compiled->sources));
  Stdout out;
  if (line.json())
    out.write(file_json(file, list));
  else if (line.has("--markdown"))
    out.write(fmt::format("# {}\n", file) + file_text(list, true));
  else
    out.write(file_text(list, false));
  return out.finish(kExitDone);
}

/// The whole library: the chapter of the language guide.
std::string chapter(const std::vector<const LibraryEntry*>& entries) {
  return "# The library\n\nMade from the table of the library by `wf doc --markdown > "
         "lang/guide/library.md`; a test "
         "compares. What holds for\nall of it stands in [basics](basics.md#the-library). A method "
         "of lists also works on "
         "ranges.\n" +
         library_markdown(entries);
}

/// A word of the language or an option of `with`: no entry of the library, but asked for like one.
struct LanguageWord {
  std::string name, what, doc;
};

const std::vector<LanguageWord>& language_words() {
  static const std::vector<LanguageWord> words = {
#define WF_KEYWORD(name, text, class, doc) {text, "a word of the language", doc},
#define WF_WORD(name, text, doc) {text, "a word of the language", doc},
#include "lang/grammar/tokens.def"
#define WF_OPTION(name, where, type, values, doc) {name, "an option of `with`", doc},
#define WF_RETRY(name, type, doc) {name, "a field of retry_policy", doc},
#include "lang/check/options.def"
  };
  return words;
}

int doc_of_words(const CommandLine& line, const std::vector<LanguageWord>& words) {
  JsonWriter json;
  json.begin_object().key("words").begin_list();
  std::string text;
  for (const LanguageWord& word : words) {
    json.begin_object().key("name").text(word.name).key("what").text(word.what);
    json.key("doc").text(word.doc).end_object();
    text += fmt::format("{} ({})\n  {}\n", word.name, word.what, word.doc);
  }
  Stdout out;
  out.write(line.json() ? json.end_list().end_object().document() : text);
  return out.finish(kExitDone);
}

int no_such_entry(const std::string& name) {
  std::vector<std::string> candidates;
  for (const LibraryEntry& e : library_entries()) {
    candidates.insert(candidates.end(), {e.qualified, e.name, e.group});
  }
  for (const LanguageWord& word : language_words()) candidates.push_back(word.name);
  const std::string nearest = nearest_name(name, candidates);
  say(fmt::format("the library has no `{}`{}", printable(name),
                  nearest.empty() ? "; `wf doc` lists all of it"
                                  : fmt::format("; did you mean `{}`?", nearest)));
  return kExitFailed;
}

}  // namespace

int cmd_doc(const CommandLine& line) {
  const std::string name = line.one("NAME|FILE");
  std::vector<const LibraryEntry*> found;
  if (name.empty()) {
    for (const LibraryEntry& e : library_entries()) found.push_back(&e);
  } else {
    found = find_library_entries(name);
    std::error_code ignored;
    if (name.ends_with(".wf") || (found.empty() && std::filesystem::exists(name, ignored)))
      return doc_of_file(line, name);
    std::vector<LanguageWord> words;
    for (const LanguageWord& word : language_words())
      if (word.name == name) words.push_back(word);
    if (found.empty()) return words.empty() ? no_such_entry(name) : doc_of_words(line, words);
  }
  Stdout out;
  if (line.json()) {
    JsonWriter json;
    write_library_json(json, found);
    out.write(json.document());
  } else if (line.has("--markdown")) {
    out.write(name.empty() ? chapter(found) : library_markdown(found).substr(1));
  } else if (name.empty() || is_library_group(name)) {
    out.write(library_list(found));
  } else {
    for (const LibraryEntry* e : found)
      out.write((e == found.front() ? "" : "\n") + library_page(*e));
  }
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
