#include "eventstore/seal/slot_key_store.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"

namespace kith::eventstore {
namespace {

constexpr size_t kSlotsPerRead = 8192;

absl::Status Damaged(absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("The key file is damaged or not one of Kith: ", what, "."));
}
absl::Status DamagedSlot(SlotNumber slot, absl::string_view what) {
  return Damaged(absl::StrCat("slot ", slot.value(), " ", what));
}
// The log and the key file are not of one another.
absl::Status Mismatched(uint64_t slot, absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("The key file does not go with this log: slot ", slot, " ", what,
                   ". Restore the log and its key file, both of one backup."));
}
absl::Status Erased() {
  return absl::FailedPreconditionError(
      "erased: the person's key was destroyed, and there is never another.");
}

// What a sealed part is bound to besides its key: the workspace, the slot, and the person.
std::string BoundTo(WorkspaceId workspace, uint64_t key_number, absl::string_view subject) {
  std::string bytes;
  bytes.reserve(12 + subject.size());
  AppendFixed32(workspace.value(), &bytes);
  AppendFixed64(key_number, &bytes);
  bytes.append(subject.data(), subject.size());
  return bytes;
}

std::optional<std::string> OpenPart(const SecretKey& key, WorkspaceId workspace,
                                    const SealedPart& part) {
  return GcmOpen(key, part.nonce, BoundTo(workspace, part.key_number, part.subject),
                 part.ciphertext);
}

SecretKey WrappingKey(const SecretKey& store_secret) {
  return SecretKey(HmacSha256(store_secret.view()).Of("kith wrap"));
}

bool IsSlotNumber(uint64_t key_number) {
  return key_number != 0 && key_number <= std::numeric_limits<uint32_t>::max();
}

}  // namespace

// ---- Opening

std::string SlotKeyStore::NewFile(Random& random) {
  SecretKey secret;
  random.Fill(secret.data(), kKeyBytes);
  std::string bytes = EncodeKeyFileHeader(secret);
  bytes += EncodeMark({.serial = 0});
  bytes += EncodeMark({.serial = 1});
  return bytes;
}

absl::StatusOr<std::unique_ptr<SlotKeyStore>> SlotKeyStore::Open(
    std::unique_ptr<KeyFile> file, Random& random, const SlotKeyStoreOptions& options) {
  absl::StatusOr<std::string> header = file->Read(0, kKeyFilePageBytes);
  if (absl::IsOutOfRange(header.status())) return Damaged("it has no header");
  if (!header.ok()) return header.status();
  const std::optional<SecretKey> secret = DecodeKeyFileHeader(*header);
  Wipe(*header);
  if (!secret.has_value()) return Damaged("its header is not whole");

  std::unique_ptr<SlotKeyStore> store(new SlotKeyStore(std::move(file), *secret, random, options));
  SlotNumber last_slot;
  {
    MutexLock lock(store->mutex_);
    KITH_RETURN_IF_ERROR(store->LoadMark());
    KITH_ASSIGN_OR_RETURN(last_slot, store->LoadSlots());
  }
  KITH_RETURN_IF_ERROR(store->pool_.Start(last_slot));
  return store;
}

SlotKeyStore::SlotKeyStore(std::unique_ptr<KeyFile> file, const SecretKey& store_secret,
                           Random& random, const SlotKeyStoreOptions& options)
    : file_(std::move(file)),
      wrapping_key_(WrappingKey(store_secret)),
      nonces_(random),
      cache_(options.cached_keys_max),
      mac_keys_(store_secret),
      token_sealer_(store_secret),
      pool_(*file_, wrapping_key_, nonces_, random, options.pool) {
  KITH_CHECK(options.pool.keys >= kKeysToGive);
}

absl::Status SlotKeyStore::LoadMark() {
  bool found = false;
  for (const uint64_t serial : {0, 1}) {
    const absl::StatusOr<std::string> bytes = file_->Read(MarkOffset(serial), kKeyFilePageBytes);
    if (absl::IsOutOfRange(bytes.status())) return Damaged("it ends within its marks");
    if (!bytes.ok()) return bytes.status();
    const std::optional<KeyFileMark> mark = DecodeMark(*bytes);
    // One may have been torn while it was written; the other, older one then still holds.
    if (!mark.has_value()) continue;
    if (!found || mark->serial > mark_.serial) mark_ = *mark;
    found = true;
  }
  return found ? absl::OkStatus() : Damaged("neither of its marks is whole");
}

absl::StatusOr<SlotNumber> SlotKeyStore::LoadSlots() {
  KITH_ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  const uint64_t slots_offset = SlotOffset(SlotNumber(1));
  const uint64_t count = size < slots_offset ? 0 : (size - slots_offset) / kSlotBytes;
  if (count > std::numeric_limits<uint32_t>::max()) return Damaged("it is too long");
  if (count < mark_.last_written.value()) {
    return DamagedSlot(SlotNumber(static_cast<uint32_t>(count + 1)), "is missing");
  }
  for (uint64_t first = 1; first <= count; first += kSlotsPerRead) {
    const size_t batch = std::min<uint64_t>(kSlotsPerRead, count - first + 1);
    const SlotNumber first_slot(static_cast<uint32_t>(first));
    KITH_ASSIGN_OR_RETURN(const std::string bytes,
                          file_->Read(SlotOffset(first_slot), batch * kSlotBytes));
    for (size_t i = 0; i < batch; ++i) {
      KITH_RETURN_IF_ERROR(LoadSlot(SlotNumber(static_cast<uint32_t>(first + i)),
                                    absl::string_view(bytes).substr(i * kSlotBytes, kSlotBytes)));
    }
  }
  return SlotNumber(static_cast<uint32_t>(count));
}

absl::Status SlotKeyStore::LoadSlot(SlotNumber number, absl::string_view bytes) {
  const std::optional<KeySlot> slot = DecodeSlot(number, bytes);
  if (!slot.has_value()) {
    if (number <= mark_.last_written) return DamagedSlot(number, "does not match its checksum");
    // Being added when the power went: nobody has it, or Recover will say so.
    pool_.AddGap(number);
    return absl::OkStatus();
  }
  switch (slot->state) {
    case SlotState::kPooled:
    case SlotState::kWorkspace: {
      const std::optional<SecretKey> key = Unwrap(number, wrapping_key_, *slot);
      if (!key.has_value()) return DamagedSlot(number, "holds no key of this file");
      if (slot->state == SlotState::kPooled) {
        pool_.AddFound({number, *key});
      } else if (!workspaces_.emplace(slot->workspace, *key).second) {
        return DamagedSlot(number, "is a workspace's second");
      }
      return absl::OkStatus();
    }
    case SlotState::kDestroyed:
      destroyed_.insert(number);
      any_destroyed_.store(true, std::memory_order_release);
      [[fallthrough]];
    case SlotState::kSubject:
      if (!slots_.emplace(slot->subject, number).second)
        return DamagedSlot(number, "is a person's second");
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// ---- Sealing

absl::StatusOr<SealedPart> SlotKeyStore::Seal(WorkspaceId workspace, const PersonalPart& part,
                                              ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const PersonSlot person,
                        SlotFor(workspace, SubjectHashOf(workspace, part.subject), tier));
  KITH_ASSIGN_OR_RETURN(const std::optional<SecretKey> key,
                        KeyToSealWith(person, workspace, part.subject, tier));
  if (!key.has_value()) return Erased();
  SealedPart sealed;
  sealed.subject = part.subject;
  sealed.key_number = person.slot.value();
  sealed.nonce = nonces_.Next();
  sealed.ciphertext = GcmSeal(*key, sealed.nonce,
                              BoundTo(workspace, sealed.key_number, part.subject), part.payload);
  return sealed;
}

absl::StatusOr<std::optional<std::string>> SlotKeyStore::Unseal(WorkspaceId workspace,
                                                                const SealedPart& part) const {
  if (!IsSlotNumber(part.key_number))
    return absl::DataLossError("A sealed part names no slot of the key file.");
  const SlotNumber slot(static_cast<uint32_t>(part.key_number));
  KITH_ASSIGN_OR_RETURN(const std::optional<SecretKey> key, KeyIn(slot, workspace, part.subject));
  if (!key.has_value()) return std::optional<std::string>();
  std::optional<std::string> plain = OpenPart(*key, workspace, part);
  if (!plain.has_value()) {
    return absl::DataLossError(
        absl::StrCat("A part sealed with the key in slot ", slot.value(), " is not whole."));
  }
  return plain;
}

Tag SlotKeyStore::Mac(WorkspaceId workspace, absl::string_view purpose,
                      absl::string_view value) const {
  const Sha256Hash hash = mac_keys_.Of(workspace, purpose).Of(value);
  Tag tag;
  std::copy_n(hash.begin(), tag.size(), tag.begin());
  return tag;
}

absl::StatusOr<std::optional<SecretKey>> SlotKeyStore::KeyIn(SlotNumber slot, WorkspaceId workspace,
                                                             absl::string_view subject) const {
  // A key found in the cache is not checked against the person: a part of somebody else's does not
  // open with it.
  return cache_.Get(slot,
                    [&] { return ReadKey(slot, workspace, SubjectHashOf(workspace, subject)); });
}

absl::StatusOr<std::optional<SecretKey>> SlotKeyStore::ReadKey(SlotNumber number,
                                                               WorkspaceId workspace,
                                                               const SubjectHash& subject) const {
  const auto data_loss = [&](absl::string_view what) {
    return absl::DataLossError(
        absl::StrCat("Slot ", number.value(), " of the key file ", what, "."));
  };
  const absl::StatusOr<std::string> bytes = file_->Read(SlotOffset(number), kSlotBytes);
  if (absl::IsOutOfRange(bytes.status())) return data_loss("is missing");
  if (!bytes.ok()) return bytes.status();
  const std::optional<KeySlot> slot = DecodeSlot(number, *bytes);
  if (!slot.has_value()) return data_loss("does not match its checksum");
  const bool given = slot->state == SlotState::kSubject || slot->state == SlotState::kDestroyed;
  if (!given || slot->workspace != workspace || slot->subject != subject) {
    return data_loss("is not the person's");
  }
  if (slot->state == SlotState::kDestroyed) return std::optional<SecretKey>();

  SecretKey wrapping;
  {
    MutexLock lock(mutex_);
    const auto found = workspaces_.find(workspace);
    if (found == workspaces_.end()) return data_loss("has no workspace key");
    wrapping = found->second;
  }
  std::optional<SecretKey> key = Unwrap(number, wrapping, *slot);
  if (!key.has_value()) return data_loss("holds no key of its workspace");
  return key;
}

// ---- Giving keys

absl::Status SlotKeyStore::NeedsDisk() { return absl::UnavailableError("sealing needs the disk"); }

absl::StatusOr<SlotKeyStore::PersonSlot> SlotKeyStore::SlotFor(WorkspaceId workspace,
                                                               const SubjectHash& subject,
                                                               ReadTier tier) {
  for (;;) {
    bool filled = false;
    {
      MutexLock lock(mutex_);
      const SlotNumber slot = FindSlot(subject);
      if (destroyed_.contains(slot)) return Erased();
      if (slot != SlotNumber()) return PersonSlot{slot, std::nullopt};
      filled = pool_.Holds(kKeysToGive);
      if (filled && workspaces_.contains(workspace)) return GiveSlot(workspace, subject);
    }
    if (tier == ReadTier::kMemory) return NeedsDisk();
    if (filled) {
      KITH_RETURN_IF_ERROR(MakeWorkspaceKey(workspace));
    } else {
      KITH_RETURN_IF_ERROR(pool_.Fill(kKeysToGive));
    }
  }
}

absl::StatusOr<std::optional<SecretKey>> SlotKeyStore::KeyToSealWith(const PersonSlot& person,
                                                                     WorkspaceId workspace,
                                                                     absl::string_view subject,
                                                                     ReadTier tier) {
  return cache_.Get(person.slot, [&]() -> absl::StatusOr<std::optional<SecretKey>> {
    if (person.fresh.has_value()) {
      MutexLock lock(mutex_);
      // Destroyed since it was given: it must not come into the cache.
      if (destroyed_.contains(person.slot)) return std::optional<SecretKey>();
      return person.fresh;
    }
    if (tier == ReadTier::kMemory) return NeedsDisk();
    return ReadKey(person.slot, workspace, SubjectHashOf(workspace, subject));
  });
}

SlotNumber SlotKeyStore::FindSlot(const SubjectHash& subject) const {
  const auto found = slots_.find(subject);
  return found == slots_.end() ? SlotNumber() : found->second;
}

absl::StatusOr<SlotKeyStore::PersonSlot> SlotKeyStore::GiveSlot(WorkspaceId workspace,
                                                                const SubjectHash& subject) {
  const KeyPool::FreshKey fresh = pool_.Take();
  if (absl::Status status = Assign(fresh, SlotState::kSubject, workspace, subject,
                                   workspaces_.find(workspace)->second);
      !status.ok()) {
    pool_.Return(fresh);
    return status;
  }
  slots_.emplace(subject, fresh.slot);
  return PersonSlot{fresh.slot, fresh.key};
}

absl::Status SlotKeyStore::MakeWorkspaceKey(WorkspaceId workspace) {
  MutexLock making(workspace_mutex_);
  std::optional<KeyPool::FreshKey> fresh;
  {
    MutexLock lock(mutex_);
    if (workspaces_.contains(workspace) || !pool_.Holds(1)) return absl::OkStatus();
    fresh = pool_.Take();
  }
  absl::Status status =
      Assign(*fresh, SlotState::kWorkspace, workspace, SubjectHash{}, wrapping_key_);
  // Nothing in the log would tell whose it is, so unlike a person's it is on disk before it is
  // used. Nobody else waits for that: mutex_ is free meanwhile.
  if (status.ok()) status = file_->Sync();
  MutexLock lock(mutex_);
  if (status.ok()) {
    workspaces_.emplace(workspace, fresh->key);
  } else {
    pool_.Return(*fresh);
  }
  return status;
}

absl::Status SlotKeyStore::Assign(const KeyPool::FreshKey& fresh, SlotState state,
                                  WorkspaceId workspace, const SubjectHash& subject,
                                  const SecretKey& wrapping) {
  KeySlot slot{.state = state, .workspace = workspace, .subject = subject};
  Wrap(fresh.slot, wrapping, fresh.key, nonces_.Next(), &slot);
  return file_->Write(SlotOffset(fresh.slot), EncodeSlot(fresh.slot, slot));
}

// ---- Destroying keys

absl::Status SlotKeyStore::Destroy(WorkspaceId workspace, absl::string_view subject) {
  const SubjectHash hash = SubjectHashOf(workspace, subject);
  for (;;) {
    SlotNumber slot;
    {
      MutexLock lock(mutex_);
      slot = FindSlot(hash);
      if (slot != SlotNumber()) {
        KITH_RETURN_IF_ERROR(WriteTombstone(slot, workspace, hash));
      } else if (pool_.Holds(1)) {
        // Somebody without a key gets a slot too: it is what says that they never get one.
        const KeyPool::FreshKey fresh = pool_.Take();
        slot = fresh.slot;
        if (absl::Status status = WriteTombstone(slot, workspace, hash); !status.ok()) {
          pool_.Return(fresh);
          return status;
        }
      }
    }
    if (slot != SlotNumber()) {
      cache_.Erase(slot);
      return file_->Sync();
    }
    KITH_RETURN_IF_ERROR(pool_.Fill(kKeysToGive));
  }
}

bool SlotKeyStore::IsDestroyed(WorkspaceId workspace, absl::string_view subject) const {
  if (!AnyDestroyed()) return false;
  const SubjectHash hash = SubjectHashOf(workspace, subject);
  MutexLock lock(mutex_);
  return destroyed_.contains(FindSlot(hash));
}

absl::Status SlotKeyStore::WriteTombstone(SlotNumber slot, WorkspaceId workspace,
                                          const SubjectHash& subject) {
  const KeySlot tombstone{
      .state = SlotState::kDestroyed, .workspace = workspace, .subject = subject};
  KITH_RETURN_IF_ERROR(file_->Write(SlotOffset(slot), EncodeSlot(slot, tombstone)));
  slots_.emplace(subject, slot);
  destroyed_.insert(slot);
  any_destroyed_.store(true, std::memory_order_release);
  return absl::OkStatus();
}

// ---- Recovery

Position SlotKeyStore::recovery_mark() const {
  MutexLock lock(mutex_);
  return mark_.through;
}

absl::Status SlotKeyStore::Recover(WorkspaceId workspace, const SealedPart& part) {
  if (!IsSlotNumber(part.key_number)) return Mismatched(part.key_number, "is none");
  const SlotNumber number(static_cast<uint32_t>(part.key_number));
  const SubjectHash subject = SubjectHashOf(workspace, part.subject);
  MutexLock lock(mutex_);
  const SlotNumber known = FindSlot(subject);
  if (known == number) return absl::OkStatus();
  if (known != SlotNumber())
    return Mismatched(part.key_number, "was given to a person who has another");

  const std::optional<KeyPool::FreshKey> fresh = pool_.Find(number);
  if (!fresh.has_value()) return Mismatched(part.key_number, "is not there to be given");
  if (!OpenPart(fresh->key, workspace, part).has_value()) {
    return Mismatched(part.key_number, "holds another key than the one sealed with");
  }
  const auto wrapping = workspaces_.find(workspace);
  if (wrapping == workspaces_.end()) {
    return Mismatched(part.key_number, "belongs to a workspace without a key");
  }
  KITH_RETURN_IF_ERROR(Assign(*fresh, SlotState::kSubject, workspace, subject, wrapping->second));
  pool_.Remove(number);
  slots_.emplace(subject, number);
  return absl::OkStatus();
}

absl::Status SlotKeyStore::Checkpoint(Position through) {
  MutexLock checkpoint_lock(checkpoint_mutex_);
  KeyFileMark mark;
  {
    MutexLock lock(mutex_);
    if (through <= mark_.through) return absl::OkStatus();
    mark = {.serial = mark_.serial + 1, .through = through, .last_written = pool_.last_written()};
  }
  // First what the mark vouches for. The mark itself may be lost: the one before it still holds.
  KITH_RETURN_IF_ERROR(file_->Sync());
  KITH_RETURN_IF_ERROR(file_->Write(MarkOffset(mark.serial), EncodeMark(mark)));
  MutexLock lock(mutex_);
  mark_ = mark;
  return absl::OkStatus();
}

}  // namespace kith::eventstore
