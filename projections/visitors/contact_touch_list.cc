#include "projections/visitors/contact_touch_list.h"

#include <optional>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/forms/v1/form_submission_events.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "services/core/touch.h"

namespace kith::visitors {
namespace {

using eventstore::RecordedEvent;
using leads::v1::LeadTouch;

void Touch(const LeadTouch& touch, v1::ContactTouches& touches) {
  const absl::Time time = FromTimestamp(touch.time());
  if (!touches.has_first_touch() || time < FromTimestamp(touches.first_touch().time())) {
    *touches.mutable_first_touch() = touch;
  }
  if (!touches.has_latest_touch() || FromTimestamp(touches.latest_touch().time()) <= time) {
    *touches.mutable_latest_touch() = touch;
  }
}

}  // namespace

void AddTouches(const v1::ContactTouches& more, v1::ContactTouches& touches) {
  if (more.has_first_touch()) Touch(more.first_touch(), touches);
  if (more.has_latest_touch()) Touch(more.latest_touch(), touches);
  touches.set_visit_count(touches.visit_count() + more.visit_count());
  touches.set_page_view_count(touches.page_view_count() + more.page_view_count());
  touches.set_form_submission_count(touches.form_submission_count() + more.form_submission_count());
}

namespace {

void View(const v1::VisitorPagesViewed& viewed, v1::ContactTouches& touches) {
  if (viewed.has_touch()) Touch(viewed.touch(), touches);
  touches.set_visit_count(touches.visit_count() + (viewed.visit_begins() ? 1 : 0));
  touches.set_page_view_count(touches.page_view_count() + viewed.page_view_count());
}

absl::Status View(WorkspaceId workspace, const v1::VisitorPagesViewed& viewed,
                  projections::ViewBatch& batch) {
  if (viewed.contact().empty()) {
    return ContactTouchList::Visitors().Change(batch, workspace, viewed.name(),
                                               [&](v1::AnonymousTouches& row) {
                                                 row.set_visitor(viewed.name());
                                                 View(viewed, *row.mutable_touches());
                                                 return true;
                                               });
  }
  return ContactTouchList::Contacts().Change(batch, workspace, viewed.contact(),
                                             [&](v1::ContactTouches& touches) {
                                               touches.set_contact(viewed.contact());
                                               View(viewed, touches);
                                               return true;
                                             });
}

// What it did until then is the contact's.
absl::Status Identify(WorkspaceId workspace, const v1::VisitorIdentified& identified,
                      projections::ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::AnonymousTouches> before,
                        ContactTouchList::Visitors().Get(batch, workspace, identified.name()));
  if (!before.has_value()) return absl::OkStatus();
  ContactTouchList::Visitors().Erase(batch, workspace, identified.name());
  const v1::ContactTouches& more = before->touches();
  return ContactTouchList::Contacts().Change(batch, workspace, identified.contact(),
                                             [&](v1::ContactTouches& touches) {
                                               touches.set_contact(identified.contact());
                                               AddTouches(more, touches);
                                               return true;
                                             });
}

absl::Status Submit(const RecordedEvent& recorded, const forms::v1::FormSubmission& submission,
                    projections::ViewBatch& batch) {
  if (submission.contact().empty()) return absl::OkStatus();
  const eventstore::EventHeader& header = recorded.header();
  LeadTouch touch;
  touch.set_source(leads::v1::WEB_FORM);
  *touch.mutable_time() = ToTimestamp(header.occur_time);
  SetCampaign(submission.page_url(), touch);
  return ContactTouchList::Contacts().Change(
      batch, header.workspace, submission.contact(), [&](v1::ContactTouches& touches) {
        touches.set_contact(submission.contact());
        Touch(touch, touches);
        touches.set_form_submission_count(touches.form_submission_count() + 1);
        return true;
      });
}

}  // namespace

const projections::Table<v1::ContactTouches>& ContactTouchList::Contacts() {
  static const auto& table = *new projections::Table<v1::ContactTouches>(
      projections::TableBuilder<v1::ContactTouches>(1)
          .Key([](const v1::ContactTouches& touches) { return touches.contact(); })
          .Build());
  return table;
}

const projections::Table<v1::AnonymousTouches>& ContactTouchList::Visitors() {
  static const auto& table = *new projections::Table<v1::AnonymousTouches>(
      projections::TableBuilder<v1::AnonymousTouches>(2)
          .Key([](const v1::AnonymousTouches& row) { return row.visitor(); })
          .Build());
  return table;
}

absl::Status ContactTouchList::Apply(const RecordedEvent& recorded,
                                     projections::ViewBatch& batch) const {
  const WorkspaceId workspace = recorded.header().workspace;
  if (const auto* const sent =
          google::protobuf::DynamicCastToGenerated<forms::v1::FormSubmissionEvent>(
              recorded.event.get())) {
    if (!sent->has_form_submission_created()) return absl::OkStatus();
    return Submit(recorded, sent->form_submission_created().form_submission(), batch);
  }
  const auto& event = static_cast<const v1::VisitorEvent&>(*recorded.event);
  if (event.has_visitor_pages_viewed()) {
    return View(workspace, event.visitor_pages_viewed(), batch);
  }
  if (event.has_visitor_identified()) {
    return Identify(workspace, event.visitor_identified(), batch);
  }
  return absl::OkStatus();
}

}  // namespace kith::visitors
