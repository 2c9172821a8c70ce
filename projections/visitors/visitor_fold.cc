#include "projections/visitors/visitor_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/visitors/v1/visitor_events.pb.h"

namespace kith::visitors {
namespace {

void View(const v1::VisitorPagesViewed& viewed, v1::Visitor& visitor) {
  if (viewed.visit_begins()) visitor.set_visit_count(visitor.visit_count() + 1);
  visitor.set_page_view_count(visitor.page_view_count() + viewed.page_view_count());
  const bool is_first =
      !visitor.has_first_view_time() ||
      FromTimestamp(viewed.first_view_time()) < FromTimestamp(visitor.first_view_time());
  if (is_first) *visitor.mutable_first_view_time() = viewed.first_view_time();
  if (!visitor.has_last_view_time() ||
      FromTimestamp(visitor.last_view_time()) < FromTimestamp(viewed.last_view_time())) {
    *visitor.mutable_last_view_time() = viewed.last_view_time();
  }
  if (!viewed.has_touch()) return;
  if (is_first) *visitor.mutable_first_touch() = viewed.touch();
  if (!visitor.has_latest_touch() ||
      FromTimestamp(visitor.latest_touch().time()) <= FromTimestamp(viewed.touch().time())) {
    *visitor.mutable_latest_touch() = viewed.touch();
  }
}

void Identify(const v1::VisitorIdentified& identified, absl::Time time, v1::Visitor& visitor) {
  if (!identified.previous_contact().empty()) {
    visitor.add_previous_contacts(identified.previous_contact());
  }
  visitor.set_contact(identified.contact());
  *visitor.mutable_identify_time() = ToTimestamp(time);
}

}  // namespace

StandardEvent FoldVisitor(const Happening& happening, v1::Visitor& visitor) {
  const StandardEvent kind = FoldStandardEvent(happening, visitor);
  const auto& event = static_cast<const v1::VisitorEvent&>(happening.event);
  switch (event.event_case()) {
    case v1::VisitorEvent::kVisitorPagesViewed:
      View(event.visitor_pages_viewed(), visitor);
      break;
    case v1::VisitorEvent::kVisitorIdentified:
      Identify(event.visitor_identified(), happening.occur_time, visitor);
      break;
    case v1::VisitorEvent::kVisitorCreated:
    case v1::VisitorEvent::kVisitorUpdated:
    case v1::VisitorEvent::kVisitorDeleted:
    case v1::VisitorEvent::kVisitorUndeleted:
    case v1::VisitorEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

}  // namespace kith::visitors
