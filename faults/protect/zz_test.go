package protect
import ("testing";"context";"upset/npu";"upset/stats";"upset/faults/campaign")
func TestZZ(t *testing.T){
 e:=tinyEngine(t,"fashion-tiny",4,npu.ECCSECDED)
 for _,sc:=range []int{4} { for _,set:=range []string{"paper","full"} {
 holds,n,inj:=0,0,0; area,fin:=0.0,0
 for seed:=uint64(1);seed<=25;seed++{
  dir:=t.TempDir()
  if _,err:=campaign.Run(context.Background(),e,campaign.Spec{Injections:5000,Seed:seed},dir,campaign.RunOptions{Workers:2});err!=nil{t.Fatal(err)}
  s,_:=campaign.Load(dir)
  p,err:=Run(context.Background(),e,s,Options{Set:set,Workers:2,Dir:dir,Question:stats.Question{Scenario:stats.Scenarios()[sc]}})
  if err!=nil{t.Fatal(err)}
  n++; inj+=p.Proof.Injections; if len(p.Proof.Attempts)>0 && p.Proof.Attempts[0].Holds {holds++}; if p.Meets {fin++}
  area+=p.AreaOverhead
 }
 t.Log(sc,set,"first holds",holds,"finally",fin,"of",n,"mean injections",inj/n,"area",area/float64(n))
 }}
}
