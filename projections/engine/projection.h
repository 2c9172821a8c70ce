// Projection: how a read model is folded from the log. A view is the result, kept by the ViewStore.
//
// Write one class per read model, named after the question it answers (PipelineBoard,
// ContactDirectory).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"

namespace kith::projections {

// Stateless and immutable: one object serves for ever and is called by any thread, several at once
// where a view that is based on it is built beside it.
class Projection {
 public:
  virtual ~Projection() = default;

  // Persisted as a part of the column family's name, so changing it rebuilds the view. Lower case
  // with underscores.
  virtual absl::string_view name() const = 0;
  // Raised whenever the same events would give other rows or entries, or other bytes of them: the
  // view is then rebuilt from the first event.
  virtual int version() const = 0;
  // The categories of the streams whose events it takes itself ("contacts", "interactions").
  virtual std::vector<std::string> categories() const = 0;
  // Whether it takes an event of these categories. Pure and cheap: called on any thread, with an
  // event whose personal fields may be absent. A view that most events of a category do not concern
  // says so here, and its lane rests on.
  virtual bool Takes(const eventstore::RecordedEvent& /*event*/) const { return true; }
  // Whether it looks at personal fields, or at whether they were erased. Where no view of a
  // category does, sealed parts stay sealed.
  virtual bool reads_personal() const { return true; }
  // True when a table of the view has an index: the view then has a second family, for the entries.
  virtual bool has_indexes() const { return false; }

  // The name of the projection that it is based on; empty for most. It is then folded together with
  // that one, and told what each event made of its rows (batch.changes()), so that it needs no copy
  // of them: Apply is called for every event that changed one, and for those it takes itself. A
  // base has none of its own. The same events folded by another version of the base mean another
  // view: it is rebuilt with it.
  virtual std::string base() const { return ""; }
  // The table whose rows those that are based on this one are told of; 0 where none can be.
  virtual uint8_t told_table() const { return 0; }

  // Folds one event into the view's rows. Pure: what it writes depends on the event, on what it
  // made of the base's rows, and on the view's own rows before it, never on a clock, on chance or
  // on another view. Events arrive in the order of the log, each once. An error is a defect of this
  // projection: what it wrote for this event is discarded, and the event's stream is marked stale
  // and left alone until a fixed version rebuilds the view. Errors of `batch` are returned as they
  // are.
  virtual absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const = 0;
};

}  // namespace kith::projections
