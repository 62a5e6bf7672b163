package storage

import (
	"os"
	"time"
)

// create makes the staged content an object, and answers how it then looks.
func (b *bucket) create(name string, a attributes, content *content, c conditions) (object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	current, exists := b.catalogue.entries[name]
	if err := c.check(current.generation, current.metageneration); err != nil {
		return object{}, err
	}
	aside := current.aside
	if !exists {
		aside = b.makeRoom(name)
	}
	sequence := b.clock.next()
	now := time.UnixMicro(sequence).UTC()
	made := record{
		Sequence: sequence,
		Event:    finalize,
		Time:     now,
		Staged:   content.name,
		Aside:    aside,
		Object: object{
			Bucket: b.settings.Bucket.Name, Name: name,
			Generation: sequence, Metageneration: 1, ETag: etag(sequence, 1),
			StorageClass: standardClass,
			Size:         content.size, MD5Hash: content.md5Hash(), CRC32C: content.crc32c(),
			ComponentCount: content.components,
			TimeCreated:    now, Updated: now,
			attributes: a,
		},
	}
	if exists {
		before, err := b.journal.at(current.span)
		if err != nil {
			return object{}, err
		}
		made.Replaced = &before.Object
	}
	if err := b.change(made); err != nil {
		return object{}, err
	}
	content.placed = true
	return made.Object, nil
}

// precheck tells a writer early, before it sends the content, that its
// preconditions do not hold.
func (b *bucket) precheck(name string, c conditions) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	current := b.catalogue.entries[name]
	return c.check(current.generation, current.metageneration)
}

// update changes the attributes of an object.
func (b *bucket) update(name string, generation int64, c conditions, changes map[string]any) (object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, err := b.current(name, generation, c.check)
	if err != nil {
		return object{}, err
	}
	after := record{Sequence: b.clock.next(), Event: metadataUpdate, Aside: before.Aside, Object: before.Object}
	after.Time = time.UnixMicro(after.Sequence).UTC()
	if err := after.Object.patch(changes); err != nil {
		return object{}, err
	}
	after.Object.Metageneration++
	after.Object.ETag = etag(after.Object.Generation, after.Object.Metageneration)
	after.Object.Updated = after.Time
	return after.Object, b.change(after)
}

// remove deletes an object.
func (b *bucket) remove(name string, generation int64, c conditions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, err := b.current(name, generation, c.check)
	if err != nil {
		return err
	}
	sequence := b.clock.next()
	return b.change(record{
		Sequence: sequence,
		Event:    deletion,
		Time:     time.UnixMicro(sequence).UTC(),
		Aside:    before.Aside,
		Object:   before.Object,
	})
}

// get answers an object's resource.
func (b *bucket) get(name string, generation int64, c conditions) (object, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r, err := b.current(name, generation, c.checkRead)
	return r.Object, err
}

// open answers an object's resource and its content, which the caller closes.
// A later change of the object does not touch the opened file.
func (b *bucket) open(name string, generation int64, c conditions) (object, *os.File, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r, err := b.current(name, generation, c.checkRead)
	if err != nil {
		return object{}, nil, err
	}
	file, err := os.Open(b.contentPath(name, r.Aside))
	return r.Object, file, err
}

// current finds the record that says how an object is now, if the conditions
// hold. Generation 0 stands for the live one; there is no other here.
func (b *bucket) current(name string, generation int64, check func(generation, metageneration int64) error) (record, error) {
	e, exists := b.catalogue.entries[name]
	if !exists || (generation != 0 && generation != e.generation) {
		return record{}, noSuchObject(b.settings.Bucket.Name, name)
	}
	if err := check(e.generation, e.metageneration); err != nil {
		return record{}, err
	}
	return b.journal.at(e.span)
}

// list answers one page of objects in the order of their names.
func (b *bucket) list(l listing) ([]object, page, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := l.page(b.catalogue.names())
	objects := make([]object, 0, len(p.names))
	for _, name := range p.names {
		r, err := b.journal.at(b.catalogue.entries[name].span)
		if err != nil {
			return nil, page{}, err
		}
		objects = append(objects, r.Object)
	}
	return objects, p, nil
}
