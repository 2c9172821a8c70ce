#include "tests/conformance/kind.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/links.h"
#include "services/runtime/server_builder.h"
#include "services/server/capabilities.inc"

namespace kith::testing {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

Kind MakeKind(const runtime::ResourceType& type) {
  Kind kind;
  kind.type = &type;
  kind.resource = type.rules->resource->GetDescriptor();
  kind.pattern = kind.resource->options().GetExtension(options::v1::resource).pattern();
  const ServiceDescriptor& service = *type.service;
  const std::string& one = kind.resource->name();
  const auto method = [&](absl::string_view verb, absl::string_view end = "") {
    return service.FindMethodByName(absl::StrCat(verb, one, end));
  };
  kind.create = method("Create");
  kind.get = method("Get");
  kind.update = method("Update");
  kind.remove = method("Delete");
  kind.undelete = method("Undelete");
  kind.list_revisions = method("List", "Revisions");
  // By the rows that they answer, because their names have the plural.
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor* const each = service.method(i);
    const auto is = [each](absl::string_view verb) { return absl::StartsWith(each->name(), verb); };
    const auto* const reply = each->output_type();
    bool has_rows = false;
    for (int j = 0; j < reply->field_count(); ++j) {
      has_rows |=
          reply->field(j)->is_repeated() && reply->field(j)->message_type() == kind.resource;
    }
    if (is("BatchDelete") && kind.remove != nullptr) {
      const auto* const requests = each->input_type()->FindFieldByName("requests");
      if (requests != nullptr && requests->message_type() == kind.remove->input_type()) {
        kind.batch_delete = each;
      }
    }
    if (!has_rows) continue;
    if (is("BatchGet")) kind.batch_get = each;
    if (is("BatchCreate")) kind.batch_create = each;
    if (is("BatchUpdate")) kind.batch_update = each;
    if (is("ListDeleted")) kind.list_deleted = each;
    if (is("List") && !is("ListDeleted")) kind.list = each;
  }
  return kind;
}

}  // namespace

std::vector<const MethodDescriptor*> Kind::methods() const {
  std::vector<const MethodDescriptor*> all;
  for (const MethodDescriptor* const method :
       {create, get, list, update, remove, undelete, list_deleted, batch_get, batch_create,
        batch_update, batch_delete, list_revisions}) {
    if (method != nullptr) all.push_back(method);
  }
  return all;
}

std::string Kind::Nobody() const {
  std::string name;
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '{') {
      name += pattern[at];
      continue;
    }
    name += "01J00000000000000000000000";
    at = pattern.find('}', at);
  }
  return name;
}

std::string Kind::NotFound() const { return ReasonOf(*type->rules->not_found); }

std::string Kind::LinkNotFound() const { return ReasonOf(*type->rules->link_not_found); }

std::string Kind::Called() const {
  std::string called;
  for (const char c : resource->name()) {
    if (absl::ascii_isupper(c) && !called.empty()) called += '_';
    called += absl::ascii_tolower(c);
  }
  return called;
}

bool Kind::HasUpsert() const {
  return update != nullptr && update->input_type()->FindFieldByName("allow_missing") != nullptr;
}

bool Kind::IsPersonal() const {
  for (int i = 0; i < resource->field_count(); ++i) {
    if (resource->field(i)->options().GetExtension(options::v1::field).personal()) return true;
  }
  return false;
}

bool Kind::HasLinks() const {
  const std::vector<std::string> patterns = LinkPatterns(*resource);
  return std::any_of(patterns.begin(), patterns.end(), [](const std::string& pattern) {
    return KindOf(pattern) != nullptr && KindOf(pattern)->create != nullptr;
  });
}

const std::vector<const Kind*>& Kinds() {
  static const auto& kinds = *[] {
    auto* const builder = new runtime::ServerBuilder;
    RegisterCapabilities(*builder);
    auto* const all = new std::vector<const Kind*>;
    for (const runtime::ResourceType& type : builder->resources()) {
      all->push_back(new Kind(MakeKind(type)));
    }
    return all;
  }();
  return kinds;
}

std::vector<const Kind*> KindsThat(const std::function<bool(const Kind&)>& holds) {
  std::vector<const Kind*> kinds;
  for (const Kind* const kind : Kinds()) {
    if (holds(*kind)) kinds.push_back(kind);
  }
  return kinds;
}

std::vector<const Kind*> KindsWith(
    std::initializer_list<const MethodDescriptor * Kind::*> methods) {
  return KindsThat([&](const Kind& kind) {
    return std::all_of(methods.begin(), methods.end(),
                       [&](const auto method) { return kind.*method != nullptr; });
  });
}

const Kind* KindOf(absl::string_view pattern) {
  for (const Kind* const kind : Kinds()) {
    if (kind->pattern == pattern) return kind;
  }
  return nullptr;
}

std::string NameOfKind(const ::testing::TestParamInfo<const Kind*>& kind) {
  return std::string(kind.param->type->rules->category);
}

}  // namespace kith::testing
