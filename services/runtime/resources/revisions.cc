#include "services/runtime/resources/revisions.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/revision.pb.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/page_limits.h"
#include "projections/tables/page_token.h"
#include "projections/tables/query.h"
#include "services/core/field_of.h"
#include "services/core/update_mask.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/requests/validate.h"
#include "services/runtime/resources/not_there.h"

namespace kith::runtime {
namespace {

using eventstore::Direction;
using eventstore::ReadTier;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// Without what changes with every revision, tells the history itself, or names the resource.
FieldMask ChangedIn(const ResourceRules& rules, const Message& before, const Message& after) {
  FieldMask changed;
  const FieldMask differing = DifferingFields(before, after);
  for (const std::string& path : differing.paths()) {
    if (path == "name" || path == "etag" || path == "create_time" || path == "update_time" ||
        std::any_of(rules.told_by_reads.begin(), rules.told_by_reads.end(),
                    [&](const FieldDescriptor* field) { return field->name() == path; })) {
      continue;
    }
    changed.add_paths(path);
  }
  return changed;
}

// Those of `changed` of which the caller reads what they were and became.
FieldMask ShownTo(const Caller& caller, const FieldMask& changed, const Message& before,
                  const Message& after) {
  if (ReadsAllGroups(caller)) return changed;
  FieldMask shown;
  for (const std::string& path : changed.paths()) {
    FieldMask one;
    one.add_paths(path);
    const bool is_masked = IsMasked(caller, *FieldPathOf(*after.GetDescriptor(), path).field) ||
                           !CheckKept(caller, before, one).ok() ||
                           !CheckKept(caller, after, one).ok();
    if (!is_masked) shown.add_paths(path);
  }
  return shown;
}

size_t BytesOf(const eventstore::Record& record) {
  size_t bytes = record.payload.size();
  for (const eventstore::SealedPart& part : record.sealed) bytes += part.ciphertext.size();
  return bytes;
}

// The field, or where it is a map some key of it.
bool Names(const FieldMask& mask, absl::string_view field) {
  return std::any_of(mask.paths().begin(), mask.paths().end(), [&](absl::string_view path) {
    return path == field || (absl::ConsumePrefix(&path, field) && path[0] == '.');
  });
}

// The revision before which a page's are; any is before that of the first page.
absl::StatusOr<uint64_t> EndOf(absl::string_view page_token, uint64_t query) {
  uint64_t end = ~uint64_t{0};
  if (page_token.empty()) return end;
  KITH_ASSIGN_OR_RETURN(const projections::PageToken token,
                        projections::DecodePageToken(page_token));
  if (token.query != query || !absl::SimpleAtoi(token.resume_key, &end)) {
    return projections::InvalidPageToken("The page token is of another list.");
  }
  return end;
}

// The last revisions of those that were added, as many as a page holds: no more than that is in
// memory, however long the history is.
class LastPage {
 public:
  explicit LastPage(size_t rows) : rows_(rows) {}

  // In the order of the revisions.
  void Add(uint64_t revision, std::unique_ptr<Message> told) {
    const size_t bytes = told->ByteSizeLong();
    kept_.push_back({revision, bytes, std::move(told)});
    bytes_ += bytes;
    while (kept_.size() > rows_ || (bytes_ > projections::kPageBytesMax && kept_.size() > 1)) {
      bytes_ -= kept_.front().bytes;
      kept_.pop_front();
      has_more_ = true;
    }
  }

  // There are earlier ones.
  bool has_more() const { return has_more_; }
  uint64_t first_revision() const { return kept_.front().revision; }
  // The last one first.
  void MoveTo(Message& reply, const FieldDescriptor* rows) {
    for (; !kept_.empty(); kept_.pop_back()) {
      reply.GetReflection()->AddAllocatedMessage(&reply, rows, kept_.back().told.release());
    }
  }

 private:
  struct Kept {
    uint64_t revision;
    size_t bytes;
    std::unique_ptr<Message> told;
  };

  const size_t rows_;
  std::deque<Kept> kept_;
  size_t bytes_ = 0;
  bool has_more_ = false;
};

}  // namespace

// What a page is made of, while the history is folded.
class RevisionLister::Fold {
 public:
  // Of revisions below `end`, those that change `field`, or any where it is empty.
  Fold(const RevisionLister& lister, const Caller& caller, absl::string_view field, uint64_t end,
       size_t page_size)
      : lister_(lister),
        caller_(caller),
        field_(field),
        end_(end),
        before_(lister.rules_.resource->New()),
        after_(lister.rules_.resource->New()),
        page_(page_size) {}

  // False where it wants no more.
  absl::StatusOr<bool> Take(const eventstore::RecordedEvent& event) {
    if (++number_ >= end_) return false;
    lister_.rules_.fold(projections::HappeningOf(event), *after_);
    const FieldMask all = ChangedIn(lister_.rules_, *before_, *after_);
    const FieldMask changed = ShownTo(caller_, all, *before_, *after_);
    if (field_.empty() ? MayBeTold(all, changed) : Names(changed, field_)) {
      const Message& prototype =
          *google::protobuf::MessageFactory::generated_factory()->GetPrototype(
              lister_.revisions_->message_type());
      std::unique_ptr<Message> told(prototype.New());
      KITH_RETURN_IF_ERROR(lister_.Tell(event, number_, *before_, *after_, changed, *told));
      page_.Add(number_, std::move(told));
    }
    before_->CopyFrom(*after_);
    return true;
  }

  bool any() const { return number_ > 0; }
  LastPage& page() { return page_; }

 private:
  // A revision of which nothing is left would tell when something changed that the caller does not
  // read. When the resource came into being is no secret.
  bool MayBeTold(const FieldMask& changed, const FieldMask& shown) const {
    return shown.paths_size() > 0 || changed.paths_size() == 0 || number_ == 1;
  }

  const RevisionLister& lister_;
  const Caller& caller_;
  const absl::string_view field_;
  const uint64_t end_;
  uint64_t number_ = 0;
  std::unique_ptr<Message> before_;
  std::unique_ptr<Message> after_;
  LastPage page_;
};

RevisionLister::RevisionLister(const ResourceRules& rules, const eventstore::EventLog& log,
                               const eventstore::EventRegistry& registry,
                               const MethodDescriptor& method, Beginning beginning, Aside aside)
    : rules_(rules),
      log_(log),
      registry_(registry),
      beginning_(std::move(beginning)),
      aside_(std::move(aside)) {
  const Descriptor& request = *method.input_type();
  const Descriptor& reply = *method.output_type();
  name_ = FieldOf(request, "name");
  field_ = FieldOf(request, "field");
  page_size_ = FieldOf(request, "page_size");
  revisions_ = FieldOf(reply, "revisions");
  next_page_token_ = FieldOf(reply, "next_page_token");
  const Descriptor& one = *revisions_->message_type();
  revision_ = FieldOf(one, "revision");
  before_ = FieldOf(one, "before");
  after_ = FieldOf(one, "after");
}

absl::Status RevisionLister::FoldAll(const ReadContext& context, absl::string_view name,
                                     Fold& fold) const {
  if (beginning_ != nullptr) {
    KITH_ASSIGN_OR_RETURN(const auto first, beginning_(context, name));
    if (first == nullptr) return absl::OkStatus();
    KITH_ASSIGN_OR_RETURN(const bool going, fold.Take(*first));
    if (!going) return absl::OkStatus();
  }
  const auto cursor =
      log_.ReadStream(context.workspace(), name, Revision(1), Direction::kForwards, context.tier);
  for (;;) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    if (record == nullptr || record->header.position > context.view().position()) break;
    KITH_RETURN_IF_ERROR(context.view().Count(BytesOf(*record)));
    KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::RecordedEvent> event,
                          registry_.Decode(std::move(record), context.keys));
    KITH_ASSIGN_OR_RETURN(const bool going, fold.Take(*event));
    if (!going) break;
  }
  return absl::OkStatus();
}

std::string RevisionLister::NameIn(const Message& request) const {
  return request.GetReflection()->GetString(request, name_);
}

absl::Status RevisionLister::Run(const ReadContext& context, const Message& request,
                                 Message* response) const {
  const auto& ask = *request.GetReflection();
  const std::string name = NameIn(request);
  const std::string field = ask.GetString(request, field_);
  const Descriptor& resource = *rules_.resource->GetDescriptor();
  if (!field.empty()) {
    const FieldDescriptor* const found = FieldPathOf(resource, field).field;
    if (found == nullptr) {
      return ViolationError("field", absl::StrCat("is no field of ", resource.name()));
    }
    if (IsMasked(context.caller, *found)) return projections::FieldMasked(field);
  }
  KITH_ASSIGN_OR_RETURN(const size_t page_size,
                        projections::PageSizeOf(ask.GetInt32(request, page_size_)));
  const uint64_t query = projections::QueryDigest({name, field});
  KITH_ASSIGN_OR_RETURN(const uint64_t end, EndOf(context.page_token, query));

  Fold fold(*this, context.caller, field, end, page_size);
  KITH_RETURN_IF_ERROR(FoldAll(context, name, fold));
  if (!fold.any()) return NotThere(context, name, ResourceNotFound(rules_, name));
  const auto& answer = *response->GetReflection();
  LastPage& page = fold.page();
  if (page.has_more()) {
    answer.SetString(response, next_page_token_,
                     projections::EncodePageToken({context.view().position(), query, 0,
                                                   absl::StrCat(page.first_revision())}));
  }
  page.MoveTo(*response, revisions_);
  return absl::OkStatus();
}

absl::Status RevisionLister::Tell(const eventstore::RecordedEvent& event, uint64_t number,
                                  const Message& before, const Message& after,
                                  const FieldMask& changed, Message& revision) const {
  const eventstore::EventHeader& header = event.header();
  const auto& reflection = *revision.GetReflection();
  auto& told = static_cast<type::v1::Revision&>(*reflection.MutableMessage(&revision, revision_));
  told.set_etag(EtagOf(Revision(number)));
  told.set_type(
      std::string(registry_.TypeName(eventstore::CategoryOf(header.stream), header.type)));
  *told.mutable_changed() = changed;
  told.set_actor(header.actor);
  told.set_on_behalf_of(header.on_behalf_of);
  *told.mutable_record_time() = ToTimestamp(header.record_time);
  *told.mutable_occur_time() = ToTimestamp(header.occur_time);
  told.set_request_id(header.request.id);
  told.set_correlation_id(header.correlation_id);
  told.set_sequence(static_cast<int64_t>(header.sequence.value()));
  told.set_erased(event.erased);
  if (header.causation != Position()) {
    KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> cause,
                          log_.ReadAt(header.causation, ReadTier::kDisk));
    // Old logs may have a cause in another workspace, whose number this caller could not use.
    if (cause != nullptr && cause->header.workspace == header.workspace) {
      told.set_causation_sequence(static_cast<int64_t>(cause->header.sequence.value()));
      told.set_cause(cause->header.stream);
    }
  }
  ApplyFields(before, changed, reflection.MutableMessage(&revision, before_));
  ApplyFields(after, changed, reflection.MutableMessage(&revision, after_));
  if (aside_ != nullptr) aside_(event, revision);
  return absl::OkStatus();
}

}  // namespace kith::runtime
