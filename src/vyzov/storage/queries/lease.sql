-- Who owns a floor. A fence (epoch) never goes back; it grows whenever the holder changes.

-- name: organisation_of_floor
SELECT organisation_id FROM floor WHERE id = :floor;

-- name: all_floors
SELECT id, name FROM floor ORDER BY created_at, id;

-- name: lease
SELECT epoch, holder, lease_until
FROM floor_lease
WHERE organisation_id = :organisation AND floor_id = :floor;

-- name: first_lease
INSERT INTO floor_lease (organisation_id, floor_id, epoch, holder, lease_until, address)
VALUES (:organisation, :floor, 1, :holder, :until, :address);

-- name: take_over
UPDATE floor_lease
SET epoch = epoch + 1, holder = :holder, lease_until = :until, address = :address
WHERE organisation_id = :organisation AND floor_id = :floor;

-- name: prolong
UPDATE floor_lease
SET lease_until = :until
WHERE organisation_id = :organisation AND floor_id = :floor AND holder = :holder;
