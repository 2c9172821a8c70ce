// Everything that interactions bring to a server.
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interactions_errors.pb.h"
#include "projections/interactions/timeline.h"
#include "services/interactions/interaction_commands.h"
#include "services/interactions/timeline_reader.h"
#include "services/runtime/resources/revisions.h"
#include "services/runtime/server_builder.h"

namespace kith::interactions {
namespace {

using projections::Timeline;
using runtime::ReadContext;
using runtime::ReadKind;

// The view of visits, which belongs to the visitors.
constexpr absl::string_view kVisits = "visit_list";

// An interaction's history as a fold of its events, of whichever stream.
struct HistoryAggregate : ResourceAggregate<v1::Interaction, v1::InteractionEvent> {
  static constexpr absl::string_view kCategory = kInteractions;
};

StandardEvent FoldHistory(const Happening& happening, v1::Interaction& interaction) {
  const auto& event = static_cast<const v1::InteractionEvent&>(happening.event);
  const absl::Time time = happening.occur_time;
  if (event.has_interaction_recorded()) {
    interaction = Render(event.interaction_recorded(), time, time, happening.erased);
  } else {
    interaction = RenderAmended({event, happening.revision, time, time, happening.erased});
  }
  return StandardEvent::kOther;
}

const ResourceRules& HistoryRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<HistoryAggregate>()
                             .NotFound(v1::INTERACTIONS_ERROR_INTERACTION_NOT_FOUND)
                             .FoldedBy<FoldHistory>()
                             .ToldByReads("record_time")
                             .ToldByReads("amend_time")
                             .Build());
  return rules;
}

// The history of one interaction, which begins in the stream of its parent.
class HistoryReader {
 public:
  HistoryReader(const runtime::Runtime& runtime, const InteractionReader& reader,
                std::shared_ptr<const TimelineReader> timeline)
      : reader_(reader),
        timeline_(std::move(timeline)),
        lister_(HistoryRules(), runtime.log, runtime.registry,
                *v1::ListInteractionRevisionsRequest::descriptor()
                     ->file()
                     ->service(0)
                     ->FindMethodByName("ListInteractionRevisions"),
                [this](const ReadContext& context, absl::string_view name) {
                  return reader_.RecordedBy(context.view(), context.workspace(), name);
                }) {}

  absl::Status List(const ReadContext& context, const v1::ListInteractionRevisionsRequest& request,
                    v1::ListInteractionRevisionsResponse* response) const {
    KITH_ASSIGN_OR_RETURN(const std::optional<v1::Interaction> found,
                          reader_.Find(context.view(), context.workspace(), request.name()));
    if (found.has_value()) {
      KITH_ASSIGN_OR_RETURN(const bool is_seen, timeline_->Sees(context, *found));
      if (!is_seen) return InteractionNotFound(request.name());
    }
    const absl::Status listed = lister_.Run(context, request, response);
    // Its first event stands in another stream than those that the lister looks at.
    if (IsError(listed, v1::INTERACTIONS_ERROR_INTERACTION_NOT_FOUND)) {
      return reader_.NotThere(context, request.name());
    }
    KITH_RETURN_IF_ERROR(listed);
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> reason,
                          reader_.WhyRedacted(context.workspace(), request.name()));
    if (!reason.has_value()) return absl::OkStatus();
    for (v1::InteractionRevision& revision : *response->mutable_revisions()) {
      HideText(*revision.mutable_before());
      HideText(*revision.mutable_after());
    }
    return absl::OkStatus();
  }

 private:
  const InteractionReader reader_;
  const std::shared_ptr<const TimelineReader> timeline_;
  const runtime::RevisionLister lister_;
};

// `read`, of an object that lives as long as the method.
template <class Reader, class Request, class Response>
auto By(std::shared_ptr<const Reader> reader,
        absl::Status (Reader::*read)(const ReadContext&, const Request&, Response*) const) {
  return [reader, read](const ReadContext& context, const Request& request, Response* response) {
    return (reader.get()->*read)(context, request, response);
  };
}

// The same of the timeline of a record, or of several, with the views that these need.
template <class Request, class Response>
void BindTimeline(runtime::MethodTable& methods, std::initializer_list<absl::string_view> views,
                  const std::shared_ptr<const TimelineReader>& reader,
                  absl::Status (TimelineReader::*read)(const ReadContext&, const Request&,
                                                       Response*) const,
                  runtime::ReadViews (TimelineReader::*views_for)(absl::string_view)
                      const = &TimelineReader::ViewsFor) {
  methods.Read(
      runtime::MethodOf<Request>(), views, ReadKind::kScan,
      [reader, read](const ReadContext& context, const google::protobuf::Message& request,
                     google::protobuf::Message* response) {
        return (reader.get()->*read)(context, static_cast<const Request&>(request),
                                     static_cast<Response*>(response));
      },
      [reader, views_for](const google::protobuf::Message& request) {
        return (reader.get()->*views_for)(static_cast<const Request&>(request).parent());
      });
}

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const InteractionReader found(runtime.log, runtime.registry, runtime.keys,
                                runtime.views.Find(Timeline::kName));
  const auto timeline = std::make_shared<const TimelineReader>(found, runtime, methods);
  const auto history = std::make_shared<const HistoryReader>(runtime, found, timeline);
  const InteractionCommands commands(found);
  methods.Command<v1::RecordInteractionRequest, v1::Interaction>(commands);
  methods.Ingest<v1::IngestInteractionsRequest, v1::IngestInteractionsResponse>(commands);
  methods.Command<v1::AmendInteractionRequest, v1::Interaction>(commands);
  methods.Command<v1::RedactInteractionRequest, v1::Interaction>(commands);
  // A scan, although of one row in most cases: the row's key is known only up to a millisecond.
  methods.Read(Timeline::kName, ReadKind::kScan, By(timeline, &TimelineReader::Get));
  methods.Read(Timeline::kName, ReadKind::kScan, By(timeline, &TimelineReader::BatchGet));
  BindTimeline(methods, {Timeline::kName, kVisits}, timeline, &TimelineReader::List);
  BindTimeline(methods, {Timeline::kName}, timeline, &TimelineReader::Summarize);
  BindTimeline(methods, {Timeline::kName}, timeline, &TimelineReader::ListOfPeople,
               &TimelineReader::ViewsForPeople);
  BindTimeline(methods, {Timeline::kName}, timeline, &TimelineReader::SummarizeOfPeople,
               &TimelineReader::ViewsForPeople);
  methods.Read(Timeline::kName, ReadKind::kScan, By(history, &HistoryReader::List));
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::InteractionEvent>(kInteractions);
  server.AddProjection(std::make_unique<Timeline>());
  server.Serve(BindMethods);
}

}  // namespace kith::interactions
