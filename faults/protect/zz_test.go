package protect
import ("testing";"time";"context";"upset/npu";"upset/faults/mechanism";"upset/stats")
func TestZZ(t *testing.T){
 t0:=time.Now(); lap:=func(s string){ t.Log(s, time.Since(t0)); t0=time.Now() }
 e:=tinyEngine(t,"fashion-dscnn",8,npu.ECCSECDED); lap("engine")
 s:=baseCampaign(t,e,5000); lap("campaign")
 for _,set:=range []string{"paper","full"} { for _,v:=range []string{"any","critical"} {
  p,err:=Run(context.Background(),e,s,Options{Set:set,Dir:t.TempDir(),Question:stats.Question{Violation:v}})
  if err!=nil {t.Fatal(err)}
  lap(set)
  t.Logf("cycles %d area %.4f searched %d proof %+v unprot %+v lock %+v", e.Cycles(), p.AreaOverhead, p.Searched, p.Proof, p.Unprotected, p.Lockstep)
  for _,w:=range p.Warnings { t.Log(w) }
 }}
 for _,k:=range []mechanism.Kind{mechanism.Duplicate,mechanism.Parity,mechanism.Triplicate,mechanism.Harden}{
  c,_:=protected(t,e,2000,everywhere(k)); lap(k.String()); t.Logf("%+v", c.Outcomes) }
}
