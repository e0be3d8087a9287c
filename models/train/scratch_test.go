package train
import ("testing";"os";"fmt")
func TestScratch(t *testing.T){
 tr,te,_:=LoadFashion(DefaultDataDir)
 same := func(k, s int) Window { return Window{K: k, Stride: s, Same: true} }
 c:=func(o,k,s int) Stage {return Stage{Out:o,Window:same(k,s)}}
 d:=func(s int) Stage {return Stage{Depthwise:true,Window:same(3,s)}}
 vars:=map[string][]Stage{
  "C":{c(16,3,2),d(2),c(64,1,1),d(1),c(64,1,1),d(1),c(64,1,1)},
  "D":{c(16,3,2),d(1),c(32,1,1),d(2),c(64,1,1),d(1),c(64,1,1)},
  "G":{c(16,3,2),d(1),c(32,1,1),d(2),c(48,1,1),d(1),c(48,1,1),d(1),c(48,1,1)},
 }
 if os.Getenv("V")=="dscnn" { for name,st:=range vars { r:=FashionDSCNN(); r.Stages=st; r.Samples=6400;r.Epochs=1
  if os.Getenv("FULL")==name {r=FashionDSCNN(); r.Stages=st} else if os.Getenv("FULL")!="" {continue}
  x,err:=r.Make(tr,nil); if err!=nil{t.Fatal(err)}; p,_:=r.Prepare(te)
  dir:="/tmp/bx/var/"+name; os.MkdirAll(dir,0o755); os.WriteFile(dir+"/fashion-dscnn.tflite",x.Model,0o644)
  fmt.Println(name,MACs(x.Layers),x.Float.Accuracy(p)) } }
 if os.Getenv("V")=="tiny" { for name,w:=range map[string]Window{"k3s2":{K:3,Stride:2},"k3s3":{K:3,Stride:3},"k4s3":{K:4,Stride:3},"k5s2":{K:5,Stride:2},"k4s2":{K:4,Stride:2}} { r:=FashionTiny(); r.Stages=[]Stage{{Out:4,Window:w}}
  x,err:=r.Make(tr,nil); if err!=nil{t.Fatal(err)}; p,_:=r.Prepare(te)
  dir:="/tmp/bx/var/"+name; os.MkdirAll(dir,0o755); os.WriteFile(dir+"/fashion-tiny.tflite",x.Model,0o644)
  fmt.Println(name,MACs(x.Layers),x.Float.Accuracy(p)) } }
}
