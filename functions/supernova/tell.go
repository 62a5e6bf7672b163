package supernova

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"cloud.google.com/go/pubsub/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

// tell publishes a plausible supernova, unless that was done before, or the
// alert came again on purpose and nobody is to be told.
func (f *Function) tell(ctx context.Context, m *event.Message, w *work) (err error) {
	if !w.fit.SALT.Plausible {
		return nil
	}
	if w.told, err = f.proved(ctx, w); err != nil || w.told || !m.Notifies(Name) {
		return err
	}
	if err := f.publish(ctx, w); err != nil {
		return err
	}
	w.told = true
	return nil
}

// publish tells of a plausible supernova, and returns once Pub/Sub has it. A
// topic that does not exist is the deployment's fault, which another try soon
// after does not mend: the event waits among the dead letters.
func (f *Function) publish(ctx context.Context, w *work) error {
	data, err := f.message(w)
	if err != nil {
		return err
	}
	_, err = f.Topic.Publish(ctx, &pubsub.Message{Data: data, Attributes: f.attributes(w)}).Get(ctx)
	if status.Code(err) == codes.NotFound {
		return &fault{fmt.Sprintf("publish: the topic %s does not exist", f.Resources.Topic(Name))}
	}
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// message is the row of supernova_fits as JSON, without the light curve, and
// what a reader needs to find the rest. As in every message, 64-bit identities
// are strings, of which no reader loses digits.
func (f *Function) message(w *work) ([]byte, error) {
	fit := map[string]any{}
	maps.Copy(fit, w.saltRow())
	delete(fit, "data")
	fit["candid"] = w.candid()
	fit["generation"] = strconv.FormatInt(w.object.Generation, 10)
	fit["stream"], fit["fit"] = f.Resources.Stream, w.id()
	fit["archive"] = fmt.Sprintf("gs://%s/%s#%d", w.object.Bucket, w.object.Name, w.object.Generation)
	fit["plot"] = "gs://" + f.Resources.ProductsBucket() + "/" + w.plotName()
	text, err := json.Marshal(fit)
	if err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	return text, nil
}

// attributes are those by which subscriptions can choose.
func (f *Function) attributes(w *work) map[string]string {
	return map[string]string{
		"stream": string(f.Resources.Stream), "objectId": w.alert.ObjectID, "candid": w.candid(), "fit": w.id(),
		"model": w.model().Name, "demonstration": strconv.FormatBool(w.model().Demonstration),
		names.AttributeBucket: w.object.Bucket, names.AttributeObject: w.object.Name,
		names.AttributeGeneration: strconv.FormatInt(w.object.Generation, 10),
		names.AttributeReplay:     strconv.FormatBool(w.replay),
	}
}
