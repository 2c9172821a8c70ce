// Projection: how a read model is folded from the log. A view is the result, kept by the ViewStore.
//
// Write one class per read model, named after the question it answers (PipelineBoard,
// ContactDirectory).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"

namespace kith::projections {

// Stateless and immutable: one object serves for ever and is called by its view's worker thread.
class Projection {
 public:
  virtual ~Projection() = default;

  // Persisted as a part of the column family's name, so changing it rebuilds the view. Lower case
  // with underscores.
  virtual absl::string_view name() const = 0;
  // Raised whenever the same events would give other rows or entries, or other bytes of them: the
  // view is then rebuilt from the first event.
  virtual int version() const = 0;
  // The categories of the streams whose events it takes ("contacts", "interactions"); Apply sees no
  // others.
  virtual std::vector<std::string> categories() const = 0;
  // Whether it takes an event of these categories; Apply sees no others. Pure and cheap: called on
  // any thread, with an event whose personal fields may be absent. A view that most events
  // of a category do not concern says so here, and its worker sleeps on.
  virtual bool Takes(const eventstore::RecordedEvent& /*event*/) const { return true; }
  // Whether it looks at personal fields, or at whether they were erased. Where no view of a
  // category does, sealed parts stay sealed.
  virtual bool reads_personal() const { return true; }
  // True when a table of the view has an index: the view then has a second family, for the entries.
  virtual bool has_indexes() const { return false; }

  // Folds one event into the view's rows. Pure: what it writes depends on the event and on the
  // view's own rows before it, never on a clock, on chance or on another view. Events arrive in the
  // order of the log, each once. An error is a defect of this projection: what it wrote for this
  // event is discarded, and the event's stream is marked stale and left alone until a fixed version
  // rebuilds the view. Errors of `batch` are returned as they are.
  virtual absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const = 0;
};

}  // namespace kith::projections
