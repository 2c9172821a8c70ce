// Goal: the requests and replies of the standard methods are the same for every resource, so that a
// client that knows one knows all.
// Method: their descriptors, with the words of the resource taken out, against those of the first
// resource that has the method. A resource whose callers choose its ids has a field more, and other
// numbers after it; one that is updated without being named has allow_missing.
#include <gmock/gmock.h>

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/conformance/world.h"

namespace kith::testing {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using ::testing::IsSupersetOf;

std::string Snake(absl::string_view pascal) {
  std::string snake;
  for (const char c : pascal) {
    if (absl::ascii_isupper(c) && !snake.empty()) snake += '_';
    snake += absl::ascii_tolower(c);
  }
  return snake;
}

// The plural that its methods are called by; empty where none is.
std::string PluralOf(const Kind& kind) {
  if (kind.list == nullptr) return "";
  return kind.list->name().substr(std::string("List").size());
}

// A field of a message as text, without the resource's words.
std::string Told(const Kind& kind, const FieldDescriptorProto& field) {
  const std::string one = kind.resource->name();
  const std::string many = PluralOf(kind);
  return absl::StrReplaceAll(field.DebugString(), {{kind.pattern, "<pattern>"},
                                                   {kind.resource->file()->package(), "<package>"},
                                                   {many, "<Many>"},
                                                   {one, "<One>"},
                                                   {"format: ", "format: "},  // no resource's word
                                                   {Snake(many), "<many>"},
                                                   {Snake(one), "<one>"}});
}

std::vector<std::string> FieldsOf(const Kind& kind, const Descriptor& message, bool numbered) {
  DescriptorProto type;
  message.CopyTo(&type);
  std::vector<std::string> fields;
  for (FieldDescriptorProto& field : *type.mutable_field()) {
    if (field.name() == "allow_missing") continue;
    if (!numbered) field.clear_number();
    fields.push_back(Told(kind, field));
  }
  return fields;
}

bool HasGeneratedIds(const Kind& kind) {
  return kind.resource->options().GetExtension(options::v1::resource).generated_id();
}

// The methods of every kind, in one order.
std::vector<std::pair<std::string, const MethodDescriptor*>> MethodsOf(const Kind& kind) {
  return {{"Create", kind.create},
          {"Get", kind.get},
          {"List", kind.list},
          {"Update", kind.update},
          {"Delete", kind.remove},
          {"Undelete", kind.undelete},
          {"ListDeleted", kind.list_deleted},
          {"BatchGet", kind.batch_get},
          {"BatchCreate", kind.batch_create},
          {"BatchUpdate", kind.batch_update},
          {"BatchDelete", kind.batch_delete},
          {"ListRevisions", kind.list_revisions}};
}

TEST(StandardMessages, AreTheSameForEveryResource) {
  std::map<std::string, std::pair<const Kind*, const MethodDescriptor*>> models;
  int compared = 0;
  for (const Kind* const kind : Kinds()) {
    if (!HasGeneratedIds(*kind)) continue;
    for (const auto& [verb, method] : MethodsOf(*kind)) {
      if (method == nullptr) continue;
      const auto [model, is_first] = models.try_emplace(verb, kind, method);
      if (is_first) continue;
      SCOPED_TRACE(method->full_name());
      const auto& [other, same] = model->second;
      EXPECT_EQ(FieldsOf(*kind, *method->input_type(), true),
                FieldsOf(*other, *same->input_type(), true));
      ASSERT_EQ(method->output_type() == kind->resource, same->output_type() == other->resource);
      if (method->output_type() != kind->resource) {
        EXPECT_EQ(FieldsOf(*kind, *method->output_type(), true),
                  FieldsOf(*other, *same->output_type(), true));
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
  // Of those whose callers choose ids: what the others have, but that it may be told of now only.
  for (const Kind* const kind : Kinds()) {
    if (HasGeneratedIds(*kind)) continue;
    for (const auto& [verb, method] : MethodsOf(*kind)) {
      const auto model = models.find(verb);
      if (method == nullptr || model == models.end()) continue;
      SCOPED_TRACE(method->full_name());
      std::vector<std::string> needed =
          FieldsOf(*model->second.first, *model->second.second->input_type(), false);
      std::erase_if(needed, [&](const std::string& field) {
        return field.find("\"occur_time\"") != std::string::npos;
      });
      EXPECT_THAT(FieldsOf(*kind, *method->input_type(), false), IsSupersetOf(needed));
    }
  }
}

TEST(StandardMessages, LetAnUpdateCreateWhatCallersIdentify) {
  for (const Kind* const kind : Kinds()) {
    if (kind->update == nullptr) continue;
    EXPECT_EQ(kind->HasUpsert(), kind->type->rules->identity != nullptr || kind->HasChosenIds())
        << kind->pattern;
  }
}

// What callers find in every resource.
TEST(StandardMessages, HaveResourcesOfOneShape) {
  for (const Kind* const kind : Kinds()) {
    SCOPED_TRACE(kind->pattern);
    const Descriptor& type = *kind->resource;
    EXPECT_EQ(FieldOf(type, "name").number(), 1);
    EXPECT_TRUE(RulesOf(FieldOf(type, "name")).output_only());
    EXPECT_EQ(FieldOf(type, "etag").number(), 2);
    EXPECT_FALSE(RulesOf(FieldOf(type, "etag")).output_only()) << "callers send it";
    for (const char* const field : {"create_time", "update_time"}) {
      EXPECT_TRUE(RulesOf(FieldOf(type, field)).output_only()) << field;
    }
    EXPECT_EQ(type.FindFieldByName("delete_time") != nullptr, kind->undelete != nullptr);
    bool is_personal = false;
    for (int i = 0; i < type.field_count(); ++i) is_personal |= RulesOf(*type.field(i)).personal();
    EXPECT_EQ(type.FindFieldByName("erased") != nullptr, is_personal);
  }
}

}  // namespace
}  // namespace kith::testing
