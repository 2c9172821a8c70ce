#include "eventstore/seal/key_pool.h"

#include <algorithm>
#include <string>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::eventstore {

KeyPool::KeyPool(KeyFile& file, const SecretKey& wrapping_key, NonceSource& nonces, Random& random,
                 const KeyPoolOptions& options)
    : file_(file),
      wrapping_key_(wrapping_key),
      nonces_(nonces),
      random_(random),
      options_(options) {
  KITH_CHECK(options.keys > 0 && options.keys_min <= options.keys);
}

KeyPool::~KeyPool() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    fill_wanted_.NotifyAll();
  }
  if (filler_.joinable()) filler_.join();
}

void KeyPool::AddFound(const FreshKey& key) {
  MutexLock lock(mutex_);
  keys_.push_back(key);
}

void KeyPool::AddGap(SlotNumber slot) {
  MutexLock lock(mutex_);
  gaps_.push_back(slot);
}

absl::Status KeyPool::Start(SlotNumber last_slot) {
  {
    MutexLock lock(mutex_);
    last_slot_ = last_slot;
  }
  // A new file gets its first keys now; to one with slots nothing is written before it must.
  if (last_slot == SlotNumber()) KITH_RETURN_IF_ERROR(Fill(1));
  if (options_.fill_ahead) filler_ = std::thread([this] { FillAhead(); });
  return absl::OkStatus();
}

bool KeyPool::Holds(size_t count) const {
  MutexLock lock(mutex_);
  return keys_.size() >= count;
}

absl::Status KeyPool::Fill(size_t enough) {
  MutexLock fill_lock(fill_mutex_);
  std::vector<SlotNumber> slots;
  {
    MutexLock lock(mutex_);
    if (keys_.size() >= enough) return absl::OkStatus();
    slots = SlotsToFill();
  }
  std::vector<FreshKey> fresh;
  KITH_RETURN_IF_ERROR(WriteFresh(slots, &fresh));
  KITH_RETURN_IF_ERROR(file_.Sync());

  MutexLock lock(mutex_);
  keys_.insert(keys_.end(), fresh.begin(), fresh.end());
  last_slot_ = std::max(last_slot_, slots.back());
  gaps_.erase(gaps_.begin(), std::upper_bound(gaps_.begin(), gaps_.end(), slots.back()));
  return absl::OkStatus();
}

// The gaps first, then new ones at the end, rising.
std::vector<SlotNumber> KeyPool::SlotsToFill() const {
  std::vector<SlotNumber> slots(
      gaps_.begin(), gaps_.begin() + static_cast<ptrdiff_t>(std::min(gaps_.size(), options_.keys)));
  for (SlotNumber next = last_slot_.Next(); slots.size() < options_.keys; next = next.Next()) {
    KITH_CHECK(next != SlotNumber());
    slots.push_back(next);
  }
  return slots;
}

absl::Status KeyPool::WriteFresh(const std::vector<SlotNumber>& slots,
                                 std::vector<FreshKey>* fresh) {
  std::string run;  // neighbouring slots, written at once
  for (size_t i = 0; i < slots.size(); ++i) {
    FreshKey one{.slot = slots[i]};
    random_.Fill(one.key.data(), kKeyBytes);
    KeySlot slot{.state = SlotState::kPooled};
    Wrap(one.slot, wrapping_key_, one.key, nonces_.Next(), &slot);
    run += EncodeSlot(one.slot, slot);
    fresh->push_back(one);
    if (i + 1 == slots.size() || slots[i + 1] != slots[i].Next()) {
      const auto run_slots = static_cast<uint32_t>(run.size() / kSlotBytes);
      const SlotNumber first(slots[i].value() - run_slots + 1);
      KITH_RETURN_IF_ERROR(file_.Write(SlotOffset(first), run));
      run.clear();
    }
  }
  return absl::OkStatus();
}

void KeyPool::FillAhead() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      while (!fill_asked_ && !stopping_) fill_wanted_.Wait(mutex_);
      if (stopping_) return;
    }
    // A failure shows again, and is told, where a caller meets an empty pool.
    Fill(options_.keys_min).IgnoreError();
    MutexLock lock(mutex_);
    fill_asked_ = false;
  }
}

KeyPool::FreshKey KeyPool::Take() {
  MutexLock lock(mutex_);
  KITH_CHECK(!keys_.empty());
  FreshKey key = keys_.front();
  keys_.pop_front();
  if (options_.fill_ahead && keys_.size() < options_.keys_min && !fill_asked_) {
    fill_asked_ = true;
    fill_wanted_.NotifyOne();
  }
  return key;
}

void KeyPool::Return(const FreshKey& key) {
  MutexLock lock(mutex_);
  keys_.push_front(key);
}

std::optional<KeyPool::FreshKey> KeyPool::Find(SlotNumber slot) const {
  MutexLock lock(mutex_);
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [slot](const FreshKey& key) { return key.slot == slot; });
  if (found == keys_.end()) return std::nullopt;
  return *found;
}

void KeyPool::Remove(SlotNumber slot) {
  MutexLock lock(mutex_);
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [slot](const FreshKey& key) { return key.slot == slot; });
  KITH_CHECK(found != keys_.end());
  keys_.erase(found);
}

SlotNumber KeyPool::last_written() const {
  MutexLock lock(mutex_);
  return gaps_.empty() ? last_slot_ : SlotNumber(gaps_.front().value() - 1);
}

}  // namespace kith::eventstore
