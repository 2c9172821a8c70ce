#include "services/cli/calls/catalog.h"

#include <google/protobuf/descriptor_database.h>

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "kith/options/v1/options.pb.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

const options::v1::FieldRules& Rules(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field);
}

// "contacts/{contact}/interactions/{interaction}" → "interactions"; empty for a message that is no
// resource.
std::string CollectionOf(const Descriptor& message) {
  const std::string& pattern = message.options().GetExtension(options::v1::resource).pattern();
  const std::vector<std::string> segments = absl::StrSplit(pattern, '/');
  return segments.size() < 2 ? "" : segments[segments.size() - 2];
}

// The collections by the nouns that method names use: "ApiKey" and "ApiKeys" → "api-keys".
absl::flat_hash_map<std::string, std::string> Nouns(
    const std::vector<const FileDescriptor*>& files) {
  absl::flat_hash_map<std::string, std::string> nouns;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor& message = *file->message_type(i);
      std::string plural = CollectionOf(message);
      if (plural.empty()) continue;
      const std::string collection = KebabCase(plural);
      plural[0] = absl::ascii_toupper(plural[0]);
      nouns[message.name()] = collection;
      nouns[plural] = collection;
    }
  }
  return nouns;
}

// ListUserRevisions is `users list-revisions`; GetUserAccess is `users access`, and
// GetContactProfile `contacts profile`.
constexpr absl::string_view kRevisions = "Revisions";
constexpr absl::string_view kAspects[] = {"Access", "Profile", "Duplicates"};

// What such a noun says of its record: "Access" of "UserAccess"; empty for others.
absl::string_view AspectOf(absl::string_view noun) {
  for (const absl::string_view aspect : kAspects) {
    if (absl::EndsWith(noun, aspect)) return aspect;
  }
  return "";
}

// "WinDeal" → {"Win", "Deal"}.
std::pair<absl::string_view, absl::string_view> SplitVerb(absl::string_view method) {
  // Verbs of two words, of which the second is no noun.
  for (const absl::string_view verb :
       {"ListDeleted", "BatchGet", "BatchCreate", "BatchUpdate", "BatchDelete", "BatchCapture",
        "HandBack", "DryRun", "PreviewMerge"}) {
    if (absl::StartsWith(method, verb)) return {verb, method.substr(verb.size())};
  }
  size_t end = 1;
  while (end < method.size() && !absl::ascii_isupper(method[end])) ++end;
  return {method.substr(0, end), method.substr(end)};
}

// A field called as its message type, so that a flag need not repeat it: `Deal deal`, `Stage
// stage`.
const FieldDescriptor* BodyOf(const Descriptor& request) {
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor* field = request.field(i);
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (KebabCase(field->name()) == KebabCase(field->message_type()->name())) return field;
  }
  return nullptr;
}

const FieldDescriptor* FirstListOf(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return field;
  }
  return nullptr;
}

// Where a reply is a page of a list, what the list is of.
const FieldDescriptor* ItemsOf(const Descriptor& request, const Descriptor& reply) {
  const bool has_pages = request.FindFieldByName("page_token") != nullptr &&
                         reply.FindFieldByName("next_page_token") != nullptr;
  return has_pages ? FirstListOf(reply) : nullptr;
}

// The list of results where each names the item it is of, and its status.
const FieldDescriptor* ResultsOf(const Descriptor& reply) {
  const FieldDescriptor* const results = FirstListOf(reply);
  if (results == nullptr) return nullptr;
  for (const auto& [name, type] : {std::pair("message_index", FieldDescriptor::CPPTYPE_INT32),
                                   std::pair("item_index", FieldDescriptor::CPPTYPE_INT32),
                                   std::pair("status", FieldDescriptor::CPPTYPE_MESSAGE)}) {
    const FieldDescriptor* const field = results->message_type()->FindFieldByName(name);
    if (field == nullptr || field->cpp_type() != type) return nullptr;
  }
  return results;
}

const FieldDescriptor* ReadOf(const Descriptor& request) {
  for (int i = 0; i < request.field_count(); ++i) {
    const FieldDescriptor* field = request.field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
        field->message_type()->full_name() == "kith.type.v1.ReadOptions") {
      return field;
    }
  }
  return nullptr;
}

// What the command is about: the name or parent, else the name of the body that is changed, else
// the first field that holds a resource name, else the first that holds several.
std::string PositionalOf(const Method& method) {
  const Descriptor& request = *method.descriptor->input_type();
  for (const char* name : {"name", "parent"}) {
    if (request.FindFieldByName(name) != nullptr) return name;
  }
  if (method.body != nullptr && request.FindFieldByName("update_mask") != nullptr) {
    return absl::StrCat(method.body->name(), ".name");
  }
  for (const bool repeated : {false, true}) {
    for (int i = 0; i < request.field_count(); ++i) {
      const FieldDescriptor& field = *request.field(i);
      if (field.is_repeated() == repeated && Rules(field).resource_size() > 0) return field.name();
    }
  }
  return "";
}

}  // namespace

bool Method::mutates() const {
  return descriptor->input_type()->FindFieldByName("request_id") != nullptr;
}

Catalog::Catalog(const std::vector<const FileDescriptor*>& files) {
  const absl::flat_hash_map<std::string, std::string> nouns = Nouns(files);
  for (const FileDescriptor* file : files) {
    if (!absl::StartsWith(file->name(), "kith/")) continue;
    for (int s = 0; s < file->service_count(); ++s) {
      const ServiceDescriptor& service = *file->service(s);
      const absl::string_view subject = absl::StripSuffix(service.name(), "Service");
      for (int m = 0; m < service.method_count(); ++m) {
        Method method;
        method.descriptor = service.method(m);
        if (method.descriptor->client_streaming()) {
          method.stream = FirstListOf(*method.descriptor->input_type());
          method.results = ResultsOf(*method.descriptor->output_type());
          if (method.stream == nullptr || method.results == nullptr) continue;
        }
        method.path = absl::StrCat("/", service.full_name(), "/", method.descriptor->name());
        const auto [verb, noun] = SplitVerb(method.descriptor->name());
        const auto found = nouns.find(noun);
        const auto whole = nouns.find(absl::StripSuffix(noun, kRevisions));
        const absl::string_view aspect = AspectOf(noun);
        const auto whose = nouns.find(absl::StripSuffix(noun, aspect));
        if (found != nouns.end()) {
          method.collection = found->second;
          method.verb = KebabCase(verb);
        } else if (whole != nouns.end()) {
          method.collection = whole->second;
          method.verb = KebabCase(absl::StrCat(verb, kRevisions));
        } else if (whose != nouns.end()) {
          method.collection = whose->second;
          method.verb =
              KebabCase(verb == "List" ? absl::StrCat(verb, aspect) : std::string(aspect));
        } else {
          method.collection = KebabCase(subject);
          method.verb =
              KebabCase(noun == subject ? verb : absl::string_view(method.descriptor->name()));
        }
        method.body = BodyOf(*method.descriptor->input_type());
        method.items = ItemsOf(*method.descriptor->input_type(), *method.descriptor->output_type());
        method.read = ReadOf(*method.descriptor->input_type());
        method.positional = PositionalOf(method);
        collections_[method.collection].push_back(std::move(method));
      }
    }
  }
}

const Catalog& Catalog::Linked() {
  // The pool makes descriptors when asked for them by file name, and only its database can list the
  // names.
  static const Catalog* const catalog = [] {
    std::vector<std::string> names;
    google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
    std::sort(names.begin(), names.end());
    std::vector<const FileDescriptor*> files;
    for (const std::string& name : names) {
      if (!absl::StartsWith(name, "kith/")) continue;
      files.push_back(google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name));
    }
    return new Catalog(files);
  }();
  return *catalog;
}

const Method* Catalog::Find(absl::string_view collection, absl::string_view verb) const {
  const auto found = collections_.find(collection);
  if (found == collections_.end()) return nullptr;
  for (const Method& method : found->second) {
    if (method.verb == verb) return &method;
  }
  return nullptr;
}

bool Catalog::HasCollection(absl::string_view collection) const {
  return collections_.find(collection) != collections_.end();
}

std::string KebabCase(absl::string_view name) {
  std::string kebab;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_') {
      kebab.push_back('-');
      continue;
    }
    if (absl::ascii_isupper(name[i]) && i > 0) kebab.push_back('-');
    kebab.push_back(absl::ascii_tolower(name[i]));
  }
  return kebab;
}

std::string CamelCase(absl::string_view kebab) {
  std::string camel;
  for (size_t i = 0; i < kebab.size(); ++i) {
    if (kebab[i] == '-' && i + 1 < kebab.size()) {
      camel.push_back(absl::ascii_toupper(static_cast<unsigned char>(kebab[++i])));
    } else {
      camel.push_back(kebab[i]);
    }
  }
  return camel;
}

}  // namespace kith::cli
