#include "services/cli/app.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/version.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/completion.h"
#include "services/cli/load/bench.h"
#include "services/cli/text/server_error.h"

namespace kith::cli {
namespace {

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kWrongWords = 2;

constexpr char kAddress[] = "127.0.0.1:7447";
// Where deploy/run keeps the key of the development workspace, seen from the repository.
constexpr char kKeyFile[] = "data/development.key";

struct GlobalFlags {
  std::optional<std::string> address, key, key_file, tls_ca, tls_cert, tls_key, on_behalf_of;
  bool json = false, ids = false, verbose = false, help = false, version = false;
};

// Takes the flags that every command has off the words.
absl::StatusOr<GlobalFlags> TakeGlobalFlags(std::vector<std::string>* words) {
  GlobalFlags flags;
  const std::pair<absl::string_view, std::optional<std::string>*> values[] = {
      {"--address", &flags.address},          {"--key", &flags.key},
      {"--key-file", &flags.key_file},        {"--tls-ca", &flags.tls_ca},
      {"--tls-cert", &flags.tls_cert},        {"--tls-key", &flags.tls_key},
      {"--on-behalf-of", &flags.on_behalf_of}};
  std::vector<std::string> rest;
  for (size_t i = 0; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    const absl::string_view name = absl::string_view(word).substr(0, word.find('='));
    const auto* const value = std::find_if(std::begin(values), std::end(values),
                                           [&](const auto& each) { return each.first == name; });
    if (value != std::end(values)) {
      if (name.size() < word.size()) {
        *value->second = word.substr(name.size() + 1);
      } else if (++i < words->size()) {
        *value->second = (*words)[i];
      } else {
        return absl::InvalidArgumentError(absl::StrCat(word, " needs a value"));
      }
      continue;
    }
    if (word == "--json") {
      flags.json = true;
    } else if (word == "--ids") {
      flags.ids = true;
    } else if (word == "--verbose" || word == "-v") {
      flags.verbose = true;
    } else if (word == "--help" || word == "-h") {
      flags.help = true;
    } else if (word == "--version") {
      flags.version = true;
    } else {
      rest.push_back(word);
    }
  }
  *words = std::move(rest);
  return flags;
}

// What a flag or, where it is not there, the environment says; none where neither says anything. An
// empty value is a mistake, such as a variable that a script never set, and must not mean the same
// as none: the call would go to another server, or with another key.
absl::StatusOr<std::optional<std::string>> Said(absl::string_view flag,
                                                const std::optional<std::string>& value,
                                                const char* variable,
                                                const Surroundings& surroundings) {
  if (value.has_value()) {
    if (value->empty()) return IsEmpty(flag);
    return value;
  }
  std::optional<std::string> found = surroundings.environment(variable);
  if (found.has_value() && found->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(variable, " is set, but empty: give it a value or unset it"));
  }
  return found;
}

absl::StatusOr<std::string> ReadKey(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::string key(absl::StripAsciiWhitespace(line));
  if (key.empty()) return absl::InvalidArgumentError(absl::StrCat("there is no key in ", path));
  return key;
}

// The key said, or the one in the key file said; the development key if it happens to be there.
// What a flag says goes before what the environment says.
absl::StatusOr<std::string> FindKey(const GlobalFlags& flags, const Surroundings& surroundings) {
  if (flags.key.has_value() && flags.key_file.has_value()) {
    return absl::InvalidArgumentError("--key and --key-file both say a key: choose one");
  }
  if (!flags.key_file.has_value()) {
    KITH_ASSIGN_OR_RETURN(std::optional<std::string> key,
                          Said("--key", flags.key, "KITH_KEY", surroundings));
    if (key.has_value()) return *std::move(key);
  }
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> path,
                        Said("--key-file", flags.key_file, "KITH_KEY_FILE", surroundings));
  if (path.has_value()) return ReadKey(*path);
  return ReadKey(kKeyFile).value_or("");
}

absl::StatusOr<std::string> ReadPem(absl::string_view flag, const std::optional<std::string>& value,
                                    const char* variable, const Surroundings& surroundings) {
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> path,
                        Said(flag, value, variable, surroundings));
  if (!path.has_value()) return "";
  std::ifstream file(*path);
  std::string pem{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!absl::StrContains(pem, "-----BEGIN ")) {
    return absl::InvalidArgumentError(absl::StrCat("there is no PEM in ", *path));
  }
  return pem;
}

// Where the server is, and what is shown to it.
absl::StatusOr<ClientOptions> TakeServer(const GlobalFlags& flags,
                                         const Surroundings& surroundings) {
  ClientOptions options;
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> address,
                        Said("--address", flags.address, "KITH_ADDRESS", surroundings));
  grpc::SslCredentialsOptions tls;
  KITH_ASSIGN_OR_RETURN(tls.pem_root_certs,
                        ReadPem("--tls-ca", flags.tls_ca, "KITH_TLS_CA", surroundings));
  KITH_ASSIGN_OR_RETURN(tls.pem_cert_chain,
                        ReadPem("--tls-cert", flags.tls_cert, "KITH_TLS_CERT", surroundings));
  KITH_ASSIGN_OR_RETURN(tls.pem_private_key,
                        ReadPem("--tls-key", flags.tls_key, "KITH_TLS_KEY", surroundings));
  if (tls.pem_cert_chain.empty() != tls.pem_private_key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  absl::string_view text = address.has_value() ? absl::string_view(*address) : kAddress;
  const bool is_plain = absl::ConsumePrefix(&text, "http://");
  const bool is_https = absl::ConsumePrefix(&text, "https://");
  absl::ConsumeSuffix(&text, "/");
  const bool has_pem = !tls.pem_root_certs.empty() || !tls.pem_cert_chain.empty();
  if (is_plain && has_pem) {
    return absl::InvalidArgumentError("http:// is without TLS, for which a file is given");
  }
  if (text.empty()) return IsEmpty("--address");
  options.address = std::string(text);
  if (is_https || has_pem) options.tls = grpc::SslCredentials(tls);
  KITH_ASSIGN_OR_RETURN(options.key, FindKey(flags, surroundings));
  if (flags.on_behalf_of == "") return IsEmpty("--on-behalf-of");
  options.on_behalf_of = flags.on_behalf_of.value_or("");
  return options;
}

// COLUMNS, where somebody set it to a number, goes before what the terminal says.
int WidthOf(const Surroundings& surroundings) {
  int width = 0;
  const std::optional<std::string> said = surroundings.environment("COLUMNS");
  return said.has_value() && absl::SimpleAtoi(*said, &width) && width > 0 ? width
                                                                          : surroundings.width;
}

using Command = absl::Status (*)(Session& session, const std::vector<std::string>& words);

// The commands that are more than a method.
struct NamedCommand {
  absl::string_view word;
  Command run;
};
constexpr NamedCommand kCommands[] = {
    {"agenda", RunAgenda},     {"board", RunBoard},        {"forecast", RunForecast},
    {"timeline", RunTimeline}, {"events", RunEvents},      {"history", RunHistory},
    {"access", RunAccess},     {"hand-over", RunHandOver}, {"permissions", RunPermissions},
    {"import", RunImport},     {"export", RunExport},      {"receive", RunReceive}};

// And the verbs of collections that are.
struct NamedVerb {
  absl::string_view collection;
  absl::string_view verb;
  Command run;
};
constexpr NamedVerb kVerbs[] = {{"received-mails", "get-attachment", RunGetAttachment},
                                {"workflows", "show", RunShowWorkflow},
                                {"workflow-runs", "show", RunShowWorkflowRun}};

// Null for other words.
const NamedVerb* FindVerb(const std::vector<std::string>& words) {
  for (const NamedVerb& verb : kVerbs) {
    if (words.size() > 1 && verb.collection == words[0] && verb.verb == words[1]) return &verb;
  }
  return nullptr;
}

// Null for other words.
Command FindCommand(absl::string_view word) {
  for (const NamedCommand& command : kCommands) {
    if (command.word == word) return command.run;
  }
  return nullptr;
}

// Those, and what is answered without a server.
std::vector<std::string> CommandWords() {
  std::vector<std::string> words = {"bench", "completion", "help"};
  for (const NamedCommand& command : kCommands) words.emplace_back(command.word);
  return words;
}

std::vector<std::string> CollectionNames(const Catalog& catalog) {
  std::vector<std::string> names = CommandWords();
  for (const auto& [name, methods] : catalog.collections()) names.push_back(name);
  return names;
}

// "deals" of "deals" and of "deals/x".
std::string CollectionIn(absl::string_view word) {
  return KebabCase(word.substr(0, word.find('/')));
}

// Of words that begin with a record, or with the verb: "; did you mean kith deals get deals/x?".
// Empty for others.
std::string MeantOtherwiseRound(const Catalog& catalog, const std::vector<std::string>& words) {
  if (absl::StrContains(words[0], '/')) {
    const std::string collection = CollectionIn(words[0]);
    if (catalog.Find(collection, "get") == nullptr) return "";
    return absl::StrCat("; did you mean kith ", collection, " get ", words[0], "?");
  }
  if (words.size() < 2) return "";
  const std::string collection = CollectionIn(words[1]);
  const std::vector<std::string> verbs = VerbsOf(catalog, collection);
  if (std::find(verbs.begin(), verbs.end(), words[0]) == verbs.end()) return "";
  return absl::StrCat("; did you mean kith ", collection, " ", words[0],
                      absl::StrContains(words[1], '/') ? absl::StrCat(" ", words[1]) : "", "?");
}

absl::Status NoSuchCommand(const Catalog& catalog, const std::vector<std::string>& words) {
  if (!catalog.HasCollection(words[0])) {
    const std::string meant = MeantOtherwiseRound(catalog, words);
    return absl::InvalidArgumentError(
        absl::StrCat("there is no command \"", words[0], "\"",
                     meant.empty() ? DidYouMean(words[0], CollectionNames(catalog), "") : meant,
                     "\nkith --help lists all"));
  }
  return absl::InvalidArgumentError(
      words.size() == 1
          ? absl::StrCat("what about ", words[0], "? kith ", words[0], " --help lists the verbs")
          : absl::StrCat(words[0], " has no verb \"", words[1], "\"",
                         DidYouMean(words[1], VerbsOf(catalog, words[0]), "")));
}

absl::Status PrintHelpOn(const Catalog& catalog, const std::vector<std::string>& words,
                         std::ostream& out) {
  const Method* method = words.size() < 2 ? nullptr : catalog.Find(words[0], words[1]);
  if (method != nullptr) {
    PrintMethodHelp(*method, out);
  } else if (FindVerb(words) != nullptr) {
    PrintCommandHelp(catalog, absl::StrCat(words[0], " ", words[1]), out);
  } else if (words.empty()) {
    PrintHelp(catalog, out);
  } else if (!PrintCommandHelp(catalog, words[0], out)) {
    if (words.size() > 1 || !catalog.HasCollection(words[0])) return NoSuchCommand(catalog, words);
    PrintCollectionHelp(catalog, words[0], out);
  }
  return absl::OkStatus();
}

absl::Status RunCommand(Session& session, const std::vector<std::string>& words) {
  const Method* method = words.size() < 2 ? nullptr : session.catalog().Find(words[0], words[1]);
  if (method != nullptr) {
    return RunMethod(session, *method, {words.begin() + 2, words.end()});
  }
  if (const NamedVerb* const verb = FindVerb(words)) {
    return verb->run(session, {words.begin() + 2, words.end()});
  }
  if (const Command command = FindCommand(words[0]); command != nullptr) {
    return command(session, {words.begin() + 1, words.end()});
  }
  return NoSuchCommand(session.catalog(), words);
}

// Where the method has a field that is called key, too, --key is the credential all the same, as
// everywhere. What cannot be one, neither a key of Kith's nor a token, was meant for the field.
absl::Status CheckMeaningOfKey(const Catalog& catalog, const std::vector<std::string>& words,
                               const GlobalFlags& flags) {
  const Method* const method = words.size() < 2 ? nullptr : catalog.Find(words[0], words[1]);
  const std::string field = method == nullptr ? "" : FlagPath(*method, "key");
  if (field.empty() || flags.key.value_or("").empty() || absl::StartsWith(*flags.key, "kith_") ||
      absl::StrContains(*flags.key, '.')) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--key is the API key that a call is made with, and \"", *flags.key,
                   "\" is none; the field is written --", absl::StrReplaceAll(field, {{"_", "-"}}),
                   " ", *flags.key));
}

absl::Status PrintCompletionScript(const std::vector<std::string>& words, std::ostream& out) {
  const absl::string_view script = words.size() == 2 ? CompletionScript(words[1]) : "";
  if (script.empty()) {
    return absl::InvalidArgumentError("name a shell: kith completion bash, or kith completion zsh");
  }
  out << script;
  return absl::OkStatus();
}

// What a shell asks while a command is typed: "complete", "--", and the words so far.
bool AnswerShell(const std::vector<std::string>& words, std::ostream& out) {
  if (words.size() < 3 || words[0] != "complete" || words[1] != "--") return false;
  for (const std::string& word :
       Completions(Catalog::Linked(), CommandWords(), {words.begin() + 2, words.end()})) {
    out << word << '\n';
  }
  return true;
}

absl::Status RunWords(std::vector<std::string> words, const Surroundings& surroundings) {
  if (AnswerShell(words, surroundings.out)) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const GlobalFlags flags, TakeGlobalFlags(&words));
  if (flags.version) {
    surroundings.out << "kith " << Version() << '\n';
    return absl::OkStatus();
  }
  const Catalog& catalog = Catalog::Linked();
  const bool asks = !words.empty() && words[0] == "help";
  if (asks) words.erase(words.begin());
  if (words.empty() || asks || flags.help) {
    KITH_RETURN_IF_ERROR(PrintHelpOn(catalog, words, surroundings.out));
    return words.empty() && !asks && !flags.help ? absl::InvalidArgumentError("nothing to do")
                                                 : absl::OkStatus();
  }
  if (words[0] == "completion") return PrintCompletionScript(words, surroundings.out);
  KITH_RETURN_IF_ERROR(CheckMeaningOfKey(catalog, words, flags));
  KITH_ASSIGN_OR_RETURN(const ClientOptions options, TakeServer(flags, surroundings));
  if (words[0] == "bench") {
    // It opens channels of its own, several to one server.
    const auto is_switch = [](absl::string_view name) { return name == "session"; };
    KITH_ASSIGN_OR_RETURN(Arguments arguments,
                          Arguments::Parse({words.begin() + 1, words.end()}, is_switch));
    return RunBench(options, std::move(arguments),
                    {surroundings.out, surroundings.err, flags.json, surroundings.live_err});
  }
  const std::unique_ptr<Client> client = surroundings.connect(options);
  UlidGenerator ids(SystemClock(), SystemRandom());
  Session session(catalog, *client, ids, surroundings.out, surroundings.err,
                  {.json = flags.json,
                   .ids = flags.ids,
                   .verbose = flags.verbose,
                   .live_err = surroundings.live_err,
                   .zone = absl::LocalTimeZone(),
                   .width = WidthOf(surroundings)});
  return RunCommand(session, words);
}

}  // namespace

int Run(const std::vector<std::string>& words, const Surroundings& surroundings) {
  const absl::Status status = RunWords(words, surroundings);
  surroundings.out.flush();
  if (status.ok()) return kDone;
  surroundings.err << "kith: " << status.message() << std::endl;
  return IsServerError(status) || !absl::IsInvalidArgument(status) ? kRefused : kWrongWords;
}

}  // namespace kith::cli
