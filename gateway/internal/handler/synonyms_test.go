package handler_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/rpc"
)

const (
	getSynonyms = catalogv1.CatalogService_GetSynonyms_FullMethodName
	setSynonyms = catalogv1.CatalogService_SetSynonyms_FullMethodName
)

func TestStaffReplaceTheSynonymsThatTheyHaveSeen(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, getSynonyms, returns[*catalogv1.GetSynonymsRequest](&catalogv1.GetSynonymsResponse{
		Synonyms: &catalogv1.Synonyms{Version: 3, Groups: []*catalogv1.SynonymGroup{{Terms: []string{"sofa", "couch"}}}},
	}))
	var asked *catalogv1.SetSynonymsRequest
	on(s, setSynonyms, func(_ context.Context, req *catalogv1.SetSynonymsRequest) (*catalogv1.SetSynonymsResponse, error) {
		asked = req
		return &catalogv1.SetSynonymsResponse{Synonyms: &catalogv1.Synonyms{Version: 4, Groups: req.GetGroups()}}, nil
	})
	read := s.send(t, staff, "GET", "/v1/admin/synonyms", nil)
	read.mustBe(t, 200, "")
	tag := read.header.Get("ETag")
	if string(read.body) != `{"groups":[{"terms":["sofa","couch"]}]}`+"\n" || tag == "" {
		t.Errorf("answered %s with the tag %s", read.body, tag)
	}
	const body = `{"groups": [{"terms": ["tea light", "candle"]}]}`
	changed := s.send(t, staff, "PUT", "/v1/admin/synonyms", body, "If-Match", `"other", `+tag)
	changed.mustBe(t, 200, "")
	if asked.GetVersion() != 3 || asked.Version == nil || len(asked.GetGroups()) != 1 || !slices.Equal(asked.GetGroups()[0].GetTerms(), []string{"tea light", "candle"}) {
		t.Errorf("asked %v", asked)
	}
	if next := changed.header.Get("ETag"); next == tag || next == "" || string(changed.body) != `{"groups":[{"terms":["tea light","candle"]}]}`+"\n" {
		t.Errorf("answered %s with the tag %s", changed.body, next)
	}
	s.send(t, staff, "PUT", "/v1/admin/synonyms", `{"groups": []}`, "If-Match", "*").mustBe(t, 200, "")
	if asked.Version != nil || len(asked.GetGroups()) != 0 {
		t.Errorf("* became %v", asked)
	}
	asked = nil
	for _, match := range []string{`W/` + tag, "garbage", `"*"`, `"other"`} {
		s.send(t, staff, "PUT", "/v1/admin/synonyms", body, "If-Match", match).refused(t, 412, "precondition_failed")
	}
	s.send(t, staff, "PUT", "/v1/admin/synonyms", body).refused(t, 428, "precondition_required")
	for _, bad := range []string{`{}`, `{"groups": [{"terms": ["sofa"]}]}`, `{"groups": [{"terms": ["sofa", ""]}]}`} {
		s.send(t, staff, "PUT", "/v1/admin/synonyms", bad, "If-Match", tag).refused(t, 422, "validation_failed")
	}
	if asked != nil {
		t.Errorf("a refused request asked %v", asked)
	}
	s.fail(setSynonyms, rpc.Error(codes.Aborted, catalogv1.ErrorReason_ERROR_REASON_VERSION_MISMATCH, "somebody was faster"))
	s.send(t, staff, "PUT", "/v1/admin/synonyms", body, "If-Match", tag).refused(t, 412, "precondition_failed")
}
